from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from maskmesh.services.face_location.boxes import cover_matrix, iou_matrix
from maskmesh.services.face_location.suppression import suppress

scored = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(0, 60),
        st.integers(1, 50),
        st.integers(1, 50),
        st.floats(0, 1),
    ),
    max_size=12,
)


def test_the_better_of_two_views_of_a_face_stays_and_the_other_face_too():
    boxes = np.array([[10, 10, 50, 50], [12, 8, 52, 52], [200, 10, 50, 50]], np.float64)
    assert suppress(boxes, np.array([0.6, 0.9, 0.7])) == [1, 2]


def test_a_small_box_inside_a_better_large_one_goes_and_the_other_way_round():
    boxes = np.array([[0, 0, 100, 100], [20, 20, 30, 30]], np.float64)
    assert suppress(boxes, np.array([0.9, 0.8])) == [0]
    assert suppress(boxes, np.array([0.8, 0.9])) == [1]


def test_nothing_in_nothing_out():
    assert suppress(np.zeros((0, 4)), np.zeros(0)) == []


@given(scored)
def test_what_stays_is_apart_and_what_goes_has_a_better_one_over_it(rows):
    table = np.array(rows, np.float64).reshape(-1, 5)
    boxes, scores = table[:, :4], table[:, 4]
    kept = suppress(boxes, scores, 0.3, 0.55)
    clash = (iou_matrix(boxes, boxes) > 0.3) | (cover_matrix(boxes, boxes) > 0.55)
    assert list(scores[kept]) == sorted(scores[kept], reverse=True)
    for index in range(len(rows)):
        over_it = [k for k in kept if k != index and clash[index, k]]
        if index in kept:
            assert not over_it
        else:
            assert any(scores[k] >= scores[index] for k in over_it)
