from __future__ import annotations

import grpc
import pytest

from maskmesh.clients.mesh import Retries, Timeouts
from maskmesh.services.runtime.errors import (
    DeadlineError,
    InvalidInputError,
    UnavailableError,
)

from .both import KINDS, Failing, ask, failures, gray

QUICK = Retries(attempts=3, initial_backoff_s=0.01, max_backoff_s=0.01)
CALLS = [
    ("locate", (gray(1),)),
    ("apply_mask", (gray(1),)),
    ("classify", ([gray(1)],)),
]
pytestmark = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.parametrize(("method", "arguments"), CALLS)
def test_an_idempotent_call_is_sent_again_until_it_is_answered(kind, running, method, arguments):
    running.services.before_answer = failing = Failing(2)
    assert ask(kind, running.addresses, method, *arguments, retries=QUICK)
    assert failing.calls == 3


def test_no_more_attempts_are_made_than_allowed(kind, running):
    running.services.before_answer = failing = Failing(100)
    with pytest.raises(UnavailableError):
        ask(kind, running.addresses, "locate", gray(1), retries=QUICK)
    assert failing.calls == 3


def test_one_attempt_means_no_retry(kind, running):
    running.services.before_answer = failing = Failing(1)
    with pytest.raises(UnavailableError):
        ask(kind, running.addresses, "locate", gray(1), retries=Retries(attempts=1))
    assert failing.calls == 1


def test_what_will_not_get_better_is_not_sent_again(kind, running):
    running.services.before_answer = failing = Failing(1, grpc.StatusCode.INVALID_ARGUMENT)
    with pytest.raises(InvalidInputError, match="not now"):
        ask(kind, running.addresses, "locate", gray(1), retries=QUICK)
    assert failing.calls == 1


def test_the_servers_pushback_goes_before_our_own_pause(kind, running):
    hint = (("grpc-retry-pushback-ms", "1"),)
    running.services.before_answer = failing = Failing(1, grpc.StatusCode.RESOURCE_EXHAUSTED, hint)
    # With its own pause of a minute, the call would end in its deadline.
    patient = Retries(attempts=2, initial_backoff_s=60, max_backoff_s=60)
    assert ask(kind, running.addresses, "locate", gray(1), retries=patient)
    assert failing.calls == 2


def test_a_pushback_beyond_the_deadline_is_not_waited_for(kind, running):
    hint = (("grpc-retry-pushback-ms", "60000"),)
    running.services.before_answer = failing = Failing(1, grpc.StatusCode.RESOURCE_EXHAUSTED, hint)
    timeouts = Timeouts(locate=0.3)
    with pytest.raises(DeadlineError):
        ask(kind, running.addresses, "locate", gray(1), retries=QUICK, timeouts=timeouts)
    assert failing.calls == 1


def test_a_picture_larger_than_grpcs_own_buffer_is_sent_again(kind, running):
    running.services.before_answer = failing = Failing(1)
    assert ask(kind, running.addresses, "locate", gray(1, 1500), retries=QUICK)
    assert failing.calls == 2


def test_a_stream_is_not_sent_again(kind, running):
    running.services.before_answer = failing = Failing(1)
    with pytest.raises(UnavailableError):
        ask(kind, running.addresses, "locate_stream", [gray(1)], retries=QUICK)
    assert failing.calls == 1


def test_the_budget_ends_a_storm(kind, running):
    running.services.before_answer = failing = Failing(1000)
    tight = Retries(
        attempts=5, initial_backoff_s=0.01, max_backoff_s=0.01, budget_tokens=4, budget_ratio=0.1
    )
    assert failures(kind, running.addresses, 10, retries=tight) == 10
    # Two failures halve the tokens; from then on each call is sent once. Without: 50.
    assert failing.calls <= 10 + 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"attempts": 6},
        {"initial_backoff_s": 0.001},
        {"max_backoff_s": 0.01},
        {"multiplier": 0.5},
        {"budget_tokens": 0},
        {"budget_ratio": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused_by_name(kind, wrong):
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        Retries(**wrong)
