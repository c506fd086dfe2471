from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.face_location.tracking.association import (
    assign,
    distinct,
    overlaps,
    touching,
)


def squares(*places):
    return np.array([(x, y, side, side) for x, y, side in places], np.float64).reshape(-1, 4)


def reach(*values):
    return np.array(values, np.float64)


def test_without_reach_overlap_is_intersection_over_union():
    first, second = squares((0, 0, 100), (40, 10, 50)), squares((50, 20, 60), (300, 0, 40))
    ious = iou_matrix(first, second)
    assert ious.max() > 0.1
    assert overlaps(first, second, reach(0, 0)) == pytest.approx(ious)


@given(
    st.lists(st.tuples(*[st.integers(-50, 300)] * 2, st.integers(5, 150)), min_size=1, max_size=4),
    st.lists(st.tuples(*[st.integers(-50, 300)] * 2, st.integers(5, 150)), min_size=1, max_size=4),
    st.floats(0, 1),
)
def test_reach_widens_both(first, second, by):
    def widened(places):
        return squares(*((x - by * s, y - by * s, s + 2 * by * s) for x, y, s in places))

    expected = iou_matrix(widened(first), widened(second))
    expected[expected < 0.05] = 0.0
    found = overlaps(squares(*first), squares(*second), np.full(len(first), by))
    assert np.abs(found - expected)[np.abs(expected - 0.05) > 1e-9].max(initial=0.0) < 1e-9


def test_a_face_beside_its_box_is_within_reach_or_not():
    moved = squares((130, 0, 100))
    found = overlaps(squares((0, 0, 100), (0, 0, 100)), moved, reach(0.0, 0.4))
    assert found[0, 0] == 0.0
    assert found[1, 0] > 0.1


def test_nothing_expected_or_nothing_found():
    assert overlaps(squares(), squares((0, 0, 9)), reach()).shape == (0, 1)
    assert overlaps(squares((0, 0, 9)), squares(), reach(1)).shape == (1, 0)


def test_the_best_sum_wins_over_the_greedy_choice():
    places = np.array([[0.8, 0.9], [0.0, 0.8]])
    assert sorted(assign(places, np.full((2, 2), 0.9), reach(0.5, 0.5))) == [(0, 0), (1, 1)]


def test_looks_decide_between_two_in_the_same_place():
    places = np.full((2, 2), 0.7)
    looks = np.array([[0.3, 0.9], [0.8, 0.4]])
    assert sorted(assign(places, looks, reach(0.2, 0.2))) == [(0, 1), (1, 0)]


def test_who_looks_otherwise_or_is_elsewhere_is_not_matched_and_displaces_nobody():
    places = np.array([[0.9, 0.3], [0.9, 0.0]])
    looks = np.array([[0.9, 0.6], [0.4, 0.9]])
    assert assign(places, looks, reach(0.5, 0.5)) == [(0, 0)]
    assert sorted(assign(places, looks, reach(0.5, 0.3))) == [(0, 1), (1, 0)]


def test_the_same_face_found_twice_is_one():
    faces = squares((0, 0, 100), (10, 5, 100), (30, 30, 40), (300, 0, 100), (320, 0, 100))
    assert distinct(faces, known=0) == [0, 3]
    assert distinct(faces, known=1) == [3]


def test_those_known_are_not_held_against_each_other():
    faces = squares((0, 0, 100), (10, 0, 100), (200, 0, 100))
    assert distinct(faces, known=2) == [2]


def test_heads_touch_before_faces_do():
    faces = squares((0, 0, 100), (115, 0, 100), (400, 0, 100))
    assert touching(faces, faces).tolist() == [True, True, False]
    assert touching(faces, faces[1:]).tolist() == [True, False, False]
    assert touching(faces, squares()).tolist() == [False] * 3
