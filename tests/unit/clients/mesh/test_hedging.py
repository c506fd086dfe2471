from __future__ import annotations

import threading
import time

import grpc
import pytest

from maskmesh.clients.mesh import Hedging, Retries, Timeouts
from maskmesh.clients.mesh.hedging import HedgeBudget, Race
from maskmesh.services.runtime.errors import DeadlineError, InvalidInputError, UnavailableError

from .both import KINDS, Failing, SlowFirst, ask, ask_in_turn, gray

ONCE = Retries(attempts=1)
SOON = Hedging(delay_s=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_a_late_answer_is_overtaken_and_its_call_cancelled(kind, running):
    running.services.before_answer = slow = SlowFirst()
    try:
        (face,) = ask(kind, running.addresses, "locate", gray(7), retries=ONCE, hedging=SOON)
        assert face.box[0] == 7
        assert slow.calls == 2
        assert slow.cancelled.wait(10)
    finally:
        slow.release.set()


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_in_time_is_not_hedged(kind, running):
    patient = Hedging(delay_s=60)
    assert ask(kind, running.addresses, "locate", gray(7), hedging=patient)
    assert len(running.services.calls) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_deadline_bounds_all_attempts(kind, running):
    running.services.before_answer = slow = SlowFirst(slow=10)
    try:
        with pytest.raises(DeadlineError):
            ask(
                kind,
                running.addresses,
                "locate",
                gray(7),
                retries=ONCE,
                hedging=SOON,
                timeouts=Timeouts(locate=0.3),
            )
        assert slow.calls == 2
    finally:
        slow.release.set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_call_is_no_late_one(kind, running):
    running.services.before_answer = failing = Failing(1)
    with pytest.raises(UnavailableError):
        ask(kind, running.addresses, "locate", gray(7), retries=ONCE, hedging=SOON)
    assert failing.calls == 1


class RefusesHedges:
    """Answers late, long after more hedges would be sent, and has no room for the first hedge."""

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, context: grpc.ServicerContext) -> None:
        with self._lock:
            self.calls += 1
            number = self.calls
        if number == 2:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no room")
        time.sleep(1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_without_room_gets_no_more_hedges_of_this_call_and_the_next(kind, running):
    running.services.before_answer = refusing = RefusesHedges()
    hedging = Hedging(delay_s=0.3, attempts=3)
    answers = ask_in_turn(
        kind, running.addresses, "locate", [gray(7), gray(8)], retries=ONCE, hedging=hedging
    )
    assert [face.box[0] for (face,) in answers] == [7, 8]
    assert refusing.calls == 3


def test_hedges_are_a_share_of_the_calls():
    hedging = Hedging(delay_s=1, share=0.125, burst=1)
    budget = HedgeBudget(hedging)
    hedges = 0
    for _ in range(80):
        race = Race(hedging, budget, 10.0)
        race.begin()
        hedges += race.may_hedge()
    assert 10 <= hedges <= 11


def test_an_overloaded_service_gets_no_more_hedges():
    hedging = Hedging(delay_s=1, attempts=3)
    budget = HedgeBudget(hedging)
    race = Race(hedging, budget, 10.0)
    race.begin()
    assert race.may_hedge()
    race.begin()
    assert not race.lost(grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert race.patience_s is None
    assert not Race(hedging, budget, 10.0).may_hedge()
    assert race.lost(grpc.StatusCode.UNAVAILABLE)


def test_an_error_of_the_callers_ends_the_race():
    race = Race(SOON, HedgeBudget(SOON), 10.0)
    race.begin()
    race.begin()
    assert race.lost(grpc.StatusCode.INVALID_ARGUMENT)


@pytest.mark.parametrize(
    "wrong", [{"delay_s": 0}, {"attempts": 1}, {"attempts": 6}, {"share": 0}, {"burst": 0}]
)
def test_settings_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        Hedging(**{"delay_s": 1, **wrong})
