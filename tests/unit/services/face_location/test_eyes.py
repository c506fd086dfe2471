from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmesh.services.face_location.eyes import face_around, pair_eyes


def eyes_at(*rows: tuple[float, float, float]) -> np.ndarray:
    """Square eye boxes from centre x, centre y, width."""
    return np.array([(x - w / 2, y - w / 2, w, w) for x, y, w in rows], np.float64).reshape(-1, 4)


def support(boxes: np.ndarray) -> np.ndarray:
    return np.arange(1.0, len(boxes) + 1)


def test_two_level_eyes_make_a_face_framed_as_the_classifier_was_trained():
    face = face_around(np.array([100.0, 80.0]), np.array([138.0, 80.0]), 3, 7)
    assert (face.side, face.roll, face.x) == pytest.approx((100, 0, 119))
    # The eyes lie 38.8 % below the upper edge, the median of the faces measured.
    assert face.box()[1] == pytest.approx(80 - 38.8)
    assert (face.source, face.weaker_eye, face.stronger_eye) == ("eyes", 3, 7)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((100, 80, 20), (100, 110, 20)),
        ((100, 80, 20), (135, 110, 20)),
        ((100, 80, 20), (110, 80, 20)),
        ((100, 80, 20), (200, 80, 20)),
        ((100, 80, 20), (140, 80, 40)),
    ],
    ids=["one above the other", "too tilted", "too close", "too far apart", "unlike in size"],
)
def test_what_no_face_has_is_no_pair(left, right):
    boxes = eyes_at(left, right)
    assert pair_eyes(boxes, support(boxes)) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_pair_comes_once_whatever_the_order(order):
    boxes = eyes_at((100, 80, 20), (140, 84, 22))[list(order)]
    (face,) = pair_eyes(boxes, support(boxes))
    assert face.x == pytest.approx(120, abs=3)
    assert 0 < face.roll < 0.2


def test_two_people_are_two_faces():
    boxes = eyes_at((100, 80, 20), (140, 80, 20), (400, 90, 24), (448, 90, 24))
    assert sorted(round(face.x) for face in pair_eyes(boxes, support(boxes))) == [120, 424]


def test_no_eye_or_one_is_no_face():
    for boxes in (eyes_at(), eyes_at((50, 50, 20))):
        assert pair_eyes(boxes, support(boxes)) == []


@given(
    st.tuples(st.floats(-1000, 1000), st.floats(-1000, 1000)),
    st.floats(5, 500),
    st.floats(-0.45, 0.45),
    st.floats(-0.45, 0.45),
    st.floats(0.2, 5),
)
def test_a_face_turns_and_grows_with_its_eyes(centre, distance, roll, turn, scale):
    x, y = centre

    def eyes(angle: float, size: float) -> tuple[np.ndarray, np.ndarray]:
        half = np.array([np.cos(angle), np.sin(angle)]) * distance * size / 2
        return np.array([x, y]) - half, np.array([x, y]) + half

    face, turned = face_around(*eyes(roll, 1)), face_around(*eyes(roll + turn, scale))
    assert turned.side == pytest.approx(face.side * scale)
    assert turned.roll == pytest.approx(face.roll + turn)
    offset = np.array([face.x - x, face.y - y])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    expected = rotation @ offset * scale
    assert [turned.x - x, turned.y - y] == pytest.approx(expected, abs=1e-6 * (1 + distance))
