from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmesh.services.face_location.boxes import clip_box, cover_matrix, grow_boxes, iou_matrix

coordinate = st.floats(-500, 500, width=32)
side = st.floats(0.5, 500, width=32)
box = st.tuples(coordinate, coordinate, side, side)
boxes = st.lists(box, max_size=6).map(lambda rows: np.array(rows, np.float64).reshape(-1, 4))


@pytest.mark.parametrize(
    ("first", "second", "iou", "cover"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0, 1.0),
        ((0, 0, 10, 10), (10, 0, 10, 10), 0.0, 0.0),
        ((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3, 0.5),
        ((0, 0, 10, 10), (2, 2, 5, 5), 0.25, 1.0),
        ((0, 0, 0, 10), (0, 0, 10, 10), 0.0, 0.0),
    ],
)
def test_overlaps_that_can_be_told_by_hand(first, second, iou, cover):
    pair = np.array([first], np.float64), np.array([second], np.float64)
    assert iou_matrix(*pair)[0, 0] == pytest.approx(iou)
    assert cover_matrix(*pair)[0, 0] == pytest.approx(cover)


@given(boxes, boxes)
def test_overlaps_are_shares_and_mutual(first, second):
    for matrix in (iou_matrix, cover_matrix):
        overlaps = matrix(first, second)
        assert overlaps.shape == (len(first), len(second))
        assert ((overlaps >= 0) & (overlaps <= 1 + 1e-9)).all()
        np.testing.assert_allclose(overlaps, matrix(second, first).T)
    assert (cover_matrix(first, second) >= iou_matrix(first, second) - 1e-9).all()


@given(boxes)
def test_a_box_is_itself(some):
    np.testing.assert_allclose(np.diag(iou_matrix(some, some)), 1.0)


@given(
    st.tuples(
        st.floats(-2500, 2500), st.floats(-2500, 2500), st.floats(1, 3000), st.floats(1, 3000)
    ),
    st.integers(1, 2000),
    st.integers(1, 2000),
)
def test_a_clipped_box_lies_inside_the_picture_and_the_box(row, width, height):
    clipped = clip_box(np.array(row), width, height)
    left, top, right, bottom = row[0], row[1], row[0] + row[2], row[1] + row[3]
    shares_a_pixel = min(right, width) - max(left, 0) > 1 and min(bottom, height) - max(top, 0) > 1
    if clipped is None:
        assert not shares_a_pixel
        return
    x, y, clipped_width, clipped_height = clipped
    assert 0 <= x < x + clipped_width <= width
    assert 0 <= y < y + clipped_height <= height
    assert left - 0.51 <= x
    assert x + clipped_width <= right + 0.51
    assert top - 0.51 <= y
    assert y + clipped_height <= bottom + 0.51


@pytest.mark.parametrize("box", [(-20, 5, 15, 10), (100, 5, 10, 10), (5, -9, 5, 9), (5, 80, 5, 5)])
def test_a_box_outside_the_picture_is_none(box):
    assert clip_box(np.array(box, np.float64), 100, 80) is None


def test_a_box_inside_keeps_its_place():
    assert clip_box(np.array([3.4, 4.0, 10.0, 9.6]), 100, 100) == (3, 4, 10, 10)


def test_grown_boxes_keep_their_middles_and_the_given_ones_stay_as_they_are():
    boxes = np.array([[10.0, 20.0, 40.0, 60.0]])
    np.testing.assert_allclose(grow_boxes(boxes, 1.5), [[0.0, 5.0, 60.0, 90.0]])
    np.testing.assert_allclose(grow_boxes(boxes, 0.5), [[20.0, 35.0, 20.0, 30.0]])
    np.testing.assert_array_equal(boxes, [[10.0, 20.0, 40.0, 60.0]])
