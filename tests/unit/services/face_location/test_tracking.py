from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmesh.services.face_location.detector import Detection
from maskmesh.services.face_location.tracking import FaceTracker

SIZE = (640, 480)


def face(x: int, y: int = 100, side: int = 60) -> Detection:
    return Detection((x, y, side, side), 0.9, "face")


def ids(tracker: FaceTracker, *faces: Detection, size: tuple[int, int] = SIZE) -> list[int]:
    """Track ids in the order of the faces given."""
    tracked = tracker.update(faces, size)
    by_face = {id(item.detection): item.track_id for item in tracked}
    return [by_face[id(one)] for one in faces]


def test_ids_start_at_one_and_stay_with_moving_faces():
    tracker = FaceTracker()
    for step in range(30):
        assert ids(tracker, face(10 + 5 * step), face(500 - 5 * step, y=300)) == [1, 2]


def test_the_order_in_which_faces_come_does_not_matter():
    tracker = FaceTracker()
    assert ids(tracker, face(10), face(300)) == [1, 2]
    assert ids(tracker, face(302), face(12)) == [2, 1]


def test_answers_come_lowest_id_first():
    tracker = FaceTracker()
    tracker.update([face(10), face(300)], SIZE)
    assert [item.track_id for item in tracker.update([face(300), face(10)], SIZE)] == [1, 2]


def test_the_best_total_overlap_wins_over_the_greedy_choice():
    tracker = FaceTracker(min_iou=0.1)
    ids(tracker, face(100), face(140))
    # The face at 124 overlaps track 2 most, but so does the only face that is left for it.
    assert ids(tracker, face(124), face(165)) == [1, 2]


@pytest.mark.parametrize(("missed", "expected"), [(0, 1), (3, 1), (4, 2)])
def test_a_track_outlives_some_missed_frames_and_no_more(missed, expected):
    tracker = FaceTracker(max_missed=3)
    ids(tracker, face(100))
    for _ in range(missed):
        assert tracker.update([], SIZE) == []
    assert ids(tracker, face(104)) == [expected]


def test_missed_frames_are_counted_anew_after_each_time_the_face_is_found():
    tracker = FaceTracker(max_missed=2)
    for _ in range(5):
        assert ids(tracker, face(100)) == [1]
        tracker.update([], SIZE)
        tracker.update([], SIZE)


def test_a_face_elsewhere_is_another_face():
    tracker = FaceTracker()
    assert ids(tracker, face(10)) == [1]
    assert ids(tracker, face(400)) == [2]
    assert ids(tracker, face(10), face(400)) == [1, 2]


def test_tracks_follow_a_change_of_resolution():
    tracker = FaceTracker()
    assert ids(tracker, face(200), face(400), size=(640, 480)) == [1, 2]
    assert ids(tracker, face(400, 200, 120), face(800, 200, 120), size=(1280, 960)) == [1, 2]
    assert ids(tracker, face(100, 50, 30), face(200, 50, 30), size=(320, 240)) == [1, 2]


def test_streams_share_nothing():
    first, second = FaceTracker(), FaceTracker()
    ids(first, face(10), face(300))
    assert ids(second, face(300)) == [1]


frames = st.lists(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 400), st.integers(8, 120)), max_size=6),
    min_size=1,
    max_size=15,
)


@given(frames, st.integers(0, 3))
def test_every_face_has_one_id_and_no_id_comes_back_from_the_dead(stream, max_missed):
    tracker = FaceTracker(max_missed=max_missed)
    last_seen: dict[int, int] = {}
    highest = 0
    for number, boxes in enumerate(stream):
        detections = [face(*box) for box in boxes]
        tracked = tracker.update(detections, SIZE)
        assert sorted(id(item.detection) for item in tracked) == sorted(map(id, detections))
        current = [item.track_id for item in tracked]
        assert len(set(current)) == len(current)
        for track_id in current:
            if track_id in last_seen:
                assert number - last_seen[track_id] <= max_missed + 1
            else:
                highest += 1
                assert track_id == highest
            last_seen[track_id] = number


@given(st.lists(st.integers(-8, 8), min_size=1, max_size=40), st.integers(1, 5))
def test_people_apart_from_each_other_keep_their_ids_however_they_move(steps, people):
    tracker = FaceTracker()
    homes = np.arange(people) * 120
    expected = list(range(1, people + 1))
    for step in steps:
        assert ids(tracker, *(face(int(home) + step) for home in homes)) == expected
