"""Parts of a picture that are left out of a search."""

import numpy as np

from maskmesh.services.face_location.regions import mostly_open, paint_over


def test_what_is_left_out_becomes_flat_and_the_rest_stays():
    gray = np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8)
    cells = np.zeros((3, 4), np.uint8)
    cells[1, 2] = 1
    before = gray.copy()
    covered = paint_over(gray, cells)
    np.testing.assert_array_equal(covered[20:40, 40:60], gray[20:40, 40:60])
    covered[20:40, 40:60] = covered[0, 0]
    assert len(np.unique(covered)) == 1
    np.testing.assert_array_equal(gray, before)


def test_boxes_are_open_by_the_share_of_their_area():
    cells = np.ones((4, 4), np.uint8)
    cells[:, 2:] = 0
    boxes = np.array(
        [
            [0.0, 0.0, 20.0, 20.0],  # all open
            [20.0, 0.0, 20.0, 20.0],  # all left out
            [14.1, 5.0, 20.0, 20.0],  # 0.295 open
            [1.9, 5.0, 20.0, 20.0],  # 0.905 open
            [2.1, 5.0, 20.0, 20.0],  # 0.895 open
            [-17.0, 0.0, 40.0, 40.0],  # 0.925 open: much of it outside the picture
        ]
    )
    assert mostly_open(boxes, cells, (40, 40)).tolist() == [True, False, False, True, False, True]


def test_boxes_against_counting_pixels():
    random = np.random.default_rng(1)
    cells = (random.random((6, 8)) < 0.93).astype(np.uint8)
    # No area is a multiple of ten: no share is exactly at the limit.
    boxes = np.hstack(
        [random.integers(-20, 60, (200, 2)), 2 * random.integers(2, 25, (200, 2)) + 1]
    )
    boxes = boxes[boxes[:, 2:].prod(axis=1) % 10 != 0]
    left_out = np.pad(np.kron(1 - cells, np.ones((10, 10))), 60)
    counted = [
        left_out[60 + y : 60 + y + h, 60 + x : 60 + x + w].sum() <= 0.1 * w * h
        for x, y, w, h in boxes
    ]
    assert mostly_open(boxes.astype(float), cells, (60, 80)).tolist() == counted
    assert 0 < sum(counted) < len(counted)


def test_no_boxes():
    assert mostly_open(np.zeros((0, 4)), np.ones((2, 2), np.uint8), (10, 10)).shape == (0,)
