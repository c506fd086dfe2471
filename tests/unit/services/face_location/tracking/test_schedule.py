from __future__ import annotations

import pytest

from maskmesh.services.face_location.tracking.schedule import SearchSchedule


def searched_frames(fps, hurry, interval_s=0.2, frames=60):
    schedule = SearchSchedule(interval_s)
    searched = []
    for number in range(frames):
        if schedule.is_due(number / fps, 1 / fps, hurry(number)):
            schedule.searched(number / fps)
            searched.append(number)
    return searched


@pytest.mark.parametrize(("fps", "every"), [(30, 6), (60, 12), (25, 5), (10, 2), (5, 1), (1, 1)])
def test_searches_come_regularly_in_time_whatever_the_rate_of_frames(fps, every):
    assert searched_frames(fps, lambda number: False) == list(range(0, 60, every))


@pytest.mark.parametrize(("fps", "every"), [(30, 3), (60, 6), (10, 1), (5, 1)])
def test_in_a_hurry_they_come_twice_as_often_and_no_more(fps, every):
    assert searched_frames(fps, lambda number: True) == list(range(0, 60, every))


def test_a_reason_to_hurry_is_followed_at_once_if_the_last_search_was_long_enough_ago():
    assert searched_frames(30, lambda number: number == 4, frames=12) == [0, 4, 10]


def test_a_short_interval_is_not_made_longer_by_hurry():
    assert searched_frames(100, lambda number: True, 0.05, 20) == [0, 5, 10, 15]
    assert searched_frames(30, lambda number: False, 0.0, 20) == list(range(20))
