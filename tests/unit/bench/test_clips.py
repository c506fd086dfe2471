from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from maskmesh.bench.clips import Clip, crossing, entering, moving, room
from maskmesh.bench.people import load_people


@pytest.fixture(scope="module")
def people(faces):
    return load_people(faces)


def test_the_same_frame_is_drawn_alike_and_no_two_are_the_same(people):
    clip = moving(people["obama"], 1.0)
    assert clip.frames == 30
    assert clip.time_s(15) == 0.5
    frame = clip.frame(7)
    assert (frame.shape, frame.dtype) == ((480, 640), np.uint8)
    np.testing.assert_array_equal(frame, clip.frame(7))
    assert (frame != clip.frame(8)).mean() > 0.5


def test_the_face_of_the_photo_lies_in_the_true_square(people):
    person = people["biden"]
    clip = Clip("one", ((person, lambda t: (300.0, 200.0, person.face[2])),), 1, room(0))
    (face,) = clip.truth(0)
    assert face.visible == pytest.approx(1.0, abs=0.02)
    x, y, side = np.rint(face.square[:3]).astype(int)
    left, top = (round(v - person.face[2] / 2) for v in person.face[:2])
    drawn = clip.frame(0)[y : y + side, x : x + side].astype(float)
    original = person.pixels[top : top + side, left : left + side].astype(float)
    assert np.abs(drawn - original).mean() < 6


def test_backgrounds_are_not_plain_and_differ():
    assert room(1).std() > 20
    assert np.abs(room(1).astype(int) - room(2)).mean() > 10


def test_people_who_cross_hide_each_other_wholly_and_the_front_one_never(people):
    clip = crossing(people["obama"], people["biden"], 4.0)
    faces = [{face.name: face for face in clip.truth(number)} for number in range(clip.frames)]
    hidden = [not pair["biden"].expected for pair in faces]
    assert min(pair["biden"].visible for pair in faces) == 0.0
    assert all(pair["obama"].expected for pair in faces)
    # They pass each other there, and on the way back.
    assert sum(now and not before for before, now in pairwise(hidden)) == 2


def test_people_come_and_go_and_are_partly_outside_at_the_edge(people):
    clip = entering(people["obama"], people["biden"], 4.0)
    shares = [
        {face.name: round(face.visible, 1) for face in clip.truth(number)}
        for number in range(clip.frames)
    ]
    assert "biden" not in shares[0]
    assert shares[60]["biden"] == 1.0
    assert 0.5 in {share.get("obama") for share in shares}


def test_a_frame_of_another_size_has_its_truth_there(people):
    clip = Clip(
        "half",
        ((people["obama"], lambda t: (300.0, 200.0, 100.0)),),
        1,
        room(0),
        scale=lambda _: 0.5,
    )
    assert clip.frame(0).shape == (240, 320)
    assert clip.truth(0)[0].square.tolist() == [125.0, 75.0, 50.0, 50.0]


def test_masked_people_wear_masks_on_the_lower_half_only(faces, people):
    masked = load_people(faces, masked=True)
    for name, person in people.items():
        x, y, side = (round(value) for value in person.face)
        changed = np.abs(person.pixels.astype(int) - masked[name].pixels) > 10
        half = side // 2
        assert changed[y : y + half, x - half : x + half].mean() > 0.3
        assert changed[y - half : y - half // 2, x - half : x + half].mean() < 0.05
