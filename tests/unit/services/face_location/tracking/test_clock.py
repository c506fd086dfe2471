from __future__ import annotations

import pytest

from maskmesh.services.face_location.tracking.clock import (
    LONGEST_GAP_S,
    USUAL_FRAME_S,
    StreamClock,
)


class Watch:
    """A clock that the test sets."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def clock(watch):
    return StreamClock(watch)


def elapsed(clock, *times):
    return [clock.tick(time_s).elapsed_s for time_s in times]


@pytest.mark.parametrize("origin", [0.0, 5.5, 1.7e9])
def test_time_is_counted_from_the_first_frame_whatever_the_origin(clock, origin):
    ticks = [clock.tick(origin + offset) for offset in (0.0, 0.25, 1.0)]
    assert [tick.now_s for tick in ticks] == [0.0, 0.25, 1.0]
    assert [tick.elapsed_s for tick in ticks] == [0.0, 0.25, 0.75]
    assert not any(tick.jumped for tick in ticks)


@pytest.mark.parametrize("back_by", [0.0, 0.5, 9.0])
def test_time_that_stands_still_or_goes_back_goes_on_from_there(clock, back_by):
    elapsed(clock, 10.0, 10.5)
    jump = clock.tick(10.5 - back_by)
    assert jump.jumped
    assert jump.elapsed_s == USUAL_FRAME_S
    after = clock.tick(10.5 - back_by + 0.25)
    assert not after.jumped
    assert after.elapsed_s == pytest.approx(0.25)
    assert after.now_s == pytest.approx(0.5 + USUAL_FRAME_S + 0.25)


def test_frames_without_times_come_at_the_usual_rate_however_fast_they_are_sent(clock, watch):
    assert clock.tick(None).elapsed_s == 0.0
    watch.now_s += 7.0  # spent on the frame itself
    clock.rest()
    watch.now_s += 0.001
    assert clock.tick(None).elapsed_s == USUAL_FRAME_S


def test_a_frame_without_a_time_that_was_waited_for_is_as_much_younger(clock, watch):
    clock.tick(None)
    clock.rest()
    watch.now_s += 0.4
    assert clock.tick(None).elapsed_s == pytest.approx(0.4)


def test_times_may_come_and_go(clock):
    clock.rest()
    assert elapsed(clock, 1.0, None, 5.0, 5.5) == pytest.approx(
        [0.0, USUAL_FRAME_S, USUAL_FRAME_S, 0.5]
    )


def test_a_gap_of_years_counts_as_a_long_one(clock):
    assert elapsed(clock, 0.0, 1e13, 1e13 + 0.5) == pytest.approx([0.0, LONGEST_GAP_S, 0.5])
