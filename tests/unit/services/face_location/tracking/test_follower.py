from __future__ import annotations

import math

import numpy as np
import pytest

from maskmesh.bench.clips import FPS, Clip, crossing, entering, moving, room
from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.face_location.detector import Detection
from maskmesh.services.face_location.tracking import FaceFollower
from maskmesh.services.runtime.errors import InvalidInputError


def at(x, y=220.0, side=100.0):
    """Somebody who stays in a place."""
    return lambda time_s: (x, y, side)


def clip_of(*cast, seconds=1.0, background=1, fps=FPS, **more):
    return Clip("test", cast, round(seconds * fps), room(background), fps=fps, **more)


def ids_of(seen, name):
    """Somebody's ids in the order in which they were given, without repetition."""
    return list(dict.fromkeys(ids[name] for ids in seen if name in ids))


def blind_between(finder, first, last):
    """Makes the detector find nothing in some frames."""

    def before_frame(number):
        finder.blind = first <= number < last

    return before_frame


def test_somebody_who_moves_is_followed_in_every_frame_with_few_searches(play, people, finder):
    seen = play(moving(people["astronaut"], 4.0))
    assert seen == [{"astronaut": 1}] * 120
    assert finder.searches == 15
    # Who is followed is looked for nearby also in frames that are searched.
    assert finder.lookups == 119


@pytest.mark.parametrize("seconds", [2.0, 5.0])
@pytest.mark.parametrize(("front", "back"), [("obama", "biden"), ("astronaut", "obama")])
def test_people_who_cross_with_one_wholly_hidden_keep_their_ids(play, people, front, back, seconds):
    clip = crossing(people[front], people[back], seconds)
    shown = [{face.name: face.visible for face in clip.truth(n)} for n in range(clip.frames)]
    assert min(visible[back] for visible in shown) == 0.0
    seen = play(clip)
    assert ids_of(seen, back) == [1]
    assert ids_of(seen, front) == [2]
    assert all(front in ids for ids in seen)


def test_two_tracks_never_hold_the_same_face(play, people, follower, finder):
    # After a second, one of two leaves, and both are looked for near the one who stays.
    def leaving(time_s):
        return (400.0, 220.0, 100.0) if time_s < 0.5 else None

    seen = play(clip_of((people["biden"], leaving), (people["obama"], at(310.0)), seconds=2.0))
    assert all(len(ids) == 1 for ids in seen[15:])
    assert ids_of(seen, "obama") == [2]


@pytest.mark.parametrize("missed", [1, 5, 20])
def test_a_face_that_is_missed_for_less_than_a_second_keeps_its_id(play, people, finder, missed):
    clip = moving(people["biden"], 3.0)
    seen = play(clip, before_frame=blind_between(finder, 45, 45 + missed))
    assert seen[45 : 45 + missed] == [{}] * missed
    assert seen[45 + missed :] == [{"biden": 1}] * (45 - missed)


def test_a_face_that_is_gone_for_longer_comes_back_as_another(play, people, finder):
    clip = clip_of((people["biden"], at(300.0)), seconds=3.0)
    seen = play(clip, before_frame=blind_between(finder, 40, 74))
    assert ids_of(seen, "biden") == [1, 2]


@pytest.mark.parametrize(("patience_s", "ids"), [(0.0, [1, 2]), (0.1, [1, 2]), (0.5, [1])])
def test_patience_is_a_setting(people, finder, patience_s, ids):
    follower = FaceFollower(finder, patience_s=patience_s)
    clip = clip_of((people["biden"], at(300.0)), seconds=2.0)
    seen = []
    for number in range(clip.frames):
        finder.faces = clip.truth(number)
        finder.blind = 30 <= number < 36
        seen += follower.update(clip.frame(number), clip.time_s(number))
    assert list(dict.fromkeys(face.track_id for face in seen)) == ids


def test_a_find_that_is_not_confirmed_is_soon_forgotten(play, people, finder):
    clip = clip_of((people["biden"], lambda t: (300.0, 200.0, 90.0) if t == 0 else None), seconds=2)
    assert play(clip) == [{"biden": 1}] + [{}] * 59
    assert finder.lookups < 15


@pytest.mark.parametrize("fps", [30.0, 10.0, 4.0])
def test_a_new_face_appears_within_300_ms_of_video(play, people, fps):
    clip = entering(people["biden"], people["astronaut"], 5.0)
    clip = clip_of(*clip.cast, seconds=5.0, fps=fps)
    seen = play(clip)
    for name in ("biden", "astronaut"):
        first = next(
            number
            for number in range(clip.frames)
            if any(face.name == name and face.expected for face in clip.truth(number))
        )
        found = next(number for number, ids in enumerate(seen) if name in ids)
        assert (found - first) / fps <= 0.3
        assert len(ids_of(seen, name)) == 1


def test_with_nobody_there_a_tenth_of_a_second_lies_between_searches(play, finder):
    assert play(clip_of(seconds=2.0)) == [{}] * 60
    assert finder.searches == 20


@pytest.mark.parametrize("second_room", [1, 3])
@pytest.mark.parametrize(("first", "second"), [("obama", "biden"), ("biden", "astronaut")])
def test_a_cut_to_somebody_else_in_the_same_place_gives_another_id(
    play, people, first, second, second_room
):
    play(clip_of((people[first], at(300.0))))
    cut_to = clip_of((people[second], at(300.0)), background=second_room)
    seen = play(cut_to, start_s=1.0)
    assert ids_of(seen, second) == [2]
    assert next(number for number, ids in enumerate(seen) if ids) <= 0.3 * FPS


def test_a_cut_to_the_same_person_keeps_the_id(play, people):
    play(clip_of((people["obama"], at(300.0))))
    seen = play(clip_of((people["obama"], at(320.0)), background=3), start_s=1.0)
    assert ids_of(seen, "obama") == [1]


def test_who_is_gone_over_a_cut_is_not_taken_for_hidden_by_who_is_there_now(play, people):
    names = ("obama", "biden", "astronaut", "obama", "biden")
    seen = []
    for number, name in enumerate(names):
        shown = clip_of((people[name], at(300.0)), background=number, seconds=0.7)
        seen.append(ids_of(play(shown, start_s=0.7 * number), name))
    # Patience ends after a second: who comes back after 1.4 is somebody new.
    assert seen == [[1], [2], [3], [4], [5]]


def test_a_quick_movement_keeps_the_id(play, people):
    def shaking(time_s):
        quick = max(0.0, time_s - 0.5)
        dx, dy = math.sin(14.0 * quick), math.sin(19.0 * quick)
        return 320.0 + 60.0 * dx, 230.0 + 35.0 * dy, 110.0

    for fps in (30.0, 15.0):
        seen = play(clip_of((people["biden"], shaking), seconds=2.0, fps=fps), start_s=9 * fps)
        assert ids_of(seen, "biden") == [1]


def test_a_hand_before_the_face_for_a_moment_changes_nothing(finder, follower, people):
    clip = clip_of((people["obama"], at(300.0)), seconds=1.5)
    ids = set()
    for number in range(clip.frames):
        finder.faces = clip.truth(number)
        gray = clip.frame(number)
        if 20 <= number < 23:
            gray[180:280, 240:360] = np.arange(120) * 2
        ids |= {face.track_id for face in follower.update(gray, clip.time_s(number))}
    assert ids == {1}


def test_tracks_follow_a_change_of_resolution(play, people):
    sizes = {0: 1.0, 1: 0.5, 2: 1.5}
    cast = (people["obama"], at(200.0)), (people["biden"], at(440.0))
    clip = clip_of(*cast, seconds=1.0, scale=lambda number: sizes[number // 10])
    assert play(clip) == [{"obama": 1, "biden": 2}] * 30


@pytest.mark.parametrize("jump_to_s", [-0.4, 0.0, 0.9, 1e7], ids=str)
def test_times_that_jump_keep_who_is_still_there(play, people, jump_to_s):
    cast = (people["obama"], at(200.0)), (people["biden"], at(440.0))
    play(clip_of(*cast), start_s=1.0)
    seen = play(clip_of(*cast), start_s=1.0 + jump_to_s)
    assert seen == [{"obama": 1, "biden": 2}] * 30


def test_times_that_stand_still_are_taken_as_the_usual_rate(finder, follower, people):
    clip = moving(people["obama"], 1.0)
    for number in range(clip.frames):
        finder.faces = clip.truth(number)
        (face,) = follower.update(clip.frame(number), 7.0)
        assert face.track_id == 1
    # Every frame is a jump, but even jumps cause no more than ten searches a second.
    assert finder.searches <= 11


def test_frames_without_times_are_followed(people, finder):
    follower = FaceFollower(finder, monotonic=lambda: 0.0)
    clip = moving(people["obama"], 1.0)
    for number in range(clip.frames):
        finder.faces = clip.truth(number)
        assert [face.track_id for face in follower.update(clip.frame(number))] == [1]
    assert finder.searches == 4


def test_small_faces_are_looked_for_each_second_and_when_the_scene_changes(play, people, finder):
    play(moving(people["obama"], 4.0))
    # The first search is for all, the others come 1.07 s apart: with every fourth search.
    assert finder.small_face_searches == 4
    play(clip_of(background=3), start_s=4.0)
    assert finder.small_face_searches >= 5


@pytest.mark.parametrize(("side", "more"), [(60.0, True), (120.0, False)])
def test_small_faces_are_looked_for_at_once_when_one_is_lost(play, people, finder, side, more):
    play(clip_of((people["obama"], at(300.0, side=side)), seconds=0.5))
    before = finder.searches, finder.small_face_searches
    play(
        clip_of((people["obama"], at(300.0, side=side)), seconds=0.3),
        start_s=0.5,
        before_frame=blind_between(finder, 0, 9),
    )
    assert finder.searches > before[0]
    assert (finder.small_face_searches > before[1]) == more


def test_somebody_new_is_found_beside_who_is_known_though_only_changes_are_searched(play, people):
    cast = (people["obama"], at(150.0)), (people["biden"], at(450.0))
    play(clip_of(cast[0]))
    seen = play(clip_of(*cast), start_s=1.0)
    first = next(number for number, ids in enumerate(seen) if "biden" in ids)
    assert first / FPS <= 0.3
    assert ids_of(seen, "obama") == [1]


def test_boxes_are_steadied_without_lagging(people, finder, follower):
    clip = moving(people["obama"], 3.0)
    errors, found_errors = [], []
    for number in range(clip.frames):
        finder.faces = clip.truth(number)
        (face,) = follower.update(clip.frame(number), clip.time_s(number))
        true = finder.faces[0].square
        box = np.array([face.detection.box], np.float64)
        assert iou_matrix(box, true[None])[0, 0] > 0.8
        errors.append((box[0, 0] + box[0, 2] / 2 - true[0] - true[2] / 2) / true[2])
        raw = np.array(finder.detect(clip.frame(number))[0].box, np.float64)
        found_errors.append((raw[0] + raw[2] / 2 - true[0] - true[2] / 2) / true[2])
    assert np.diff(errors).std() < 0.75 * np.diff(found_errors).std()
    assert abs(np.mean(errors)) < 0.005


def test_boxes_at_every_border_stay_inside(finder, follower, people):
    def around(time_s):
        angle = 2.0 * math.pi * time_s / 3.0
        return 320.0 + 330.0 * math.cos(angle), 240.0 + 250.0 * math.sin(angle), 100.0

    clip = clip_of((people["biden"], around), seconds=3.0)
    for number in range(clip.frames):
        finder.faces = clip.truth(number)
        for face in follower.update(clip.frame(number), clip.time_s(number)):
            x, y, width, height = face.detection.box
            assert 0 <= x < x + width <= 640
            assert 0 <= y < y + height <= 480


def test_streams_share_nothing(people, finder):
    first, second = FaceFollower(finder), FaceFollower(finder)
    one = clip_of((people["obama"], at(200.0)), (people["biden"], at(440.0)))
    other = clip_of((people["astronaut"], at(440.0)))
    for number in range(20):
        for follower, clip, ids in ((first, one, [1, 2]), (second, other, [1])):
            finder.faces = clip.truth(number)
            tracked = follower.update(clip.frame(number), clip.time_s(number))
            assert [face.track_id for face in tracked] == ids


class Crowd:
    """Finds a hundred faces everywhere, and counts how often it is asked for how many."""

    def __init__(self):
        self.asked = []
        self.searches = 0

    def detect(self, gray, small_faces=True, cells=None):
        self.searches += 1
        return [
            Detection((64 * column + 2, 48 * row + 2, 40, 40), 0.9, "face")
            for row in range(10)
            for column in range(10)
        ]

    def find_near(self, gray, boxes):
        self.asked.append(len(boxes))
        return [None] * len(boxes)


def test_a_crowd_is_searched_for_rather_than_looked_up_one_by_one():
    crowd = Crowd()
    follower = FaceFollower(crowd)
    gray = np.random.default_rng(0).integers(0, 256, (480, 640), np.uint8)
    for number in range(5):
        tracked = follower.update(gray, number / 30)
        assert [face.track_id for face in tracked] == list(range(1, 101))
    assert crowd.searches == 5
    assert crowd.asked == []


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((480, 640, 3), np.uint8), np.zeros((480, 640)), np.zeros((0, 640), np.uint8)],
    ids=["colour", "not of 8 bits", "empty"],
)
def test_a_frame_that_is_no_gray_picture_is_refused_and_changes_nothing(
    finder, follower, people, wrong
):
    clip = clip_of((people["obama"], at(300.0)))
    finder.faces = clip.truth(0)
    follower.update(clip.frame(0), 0.0)
    with pytest.raises(InvalidInputError, match="gray"):
        follower.update(wrong, 0.03)
    assert [face.track_id for face in follower.update(clip.frame(1), 0.06)] == [1]


def test_a_face_of_little_certainty_gets_no_track_but_keeps_one_it_has():
    class Unsure:
        score = 0.6

        def detect(self, gray, small_faces=True, cells=None):
            return [Detection((40, 40, 60, 60), self.score, "face")]

        def find_near(self, gray, boxes):
            return [Detection((40, 40, 60, 60), self.score, "track") for _ in boxes]

    finder = Unsure()
    follower = FaceFollower(finder)
    random = np.random.default_rng(1)
    gray = random.integers(0, 256, (200, 200), dtype=np.uint8)
    seen = []
    for number, score in enumerate((0.6, 0.6, 0.95, 0.6, 0.6)):
        finder.score = score
        seen.append([face.track_id for face in follower.update(gray, 0.25 * number)])
    assert seen == [[], [], [1], [1], [1]]
