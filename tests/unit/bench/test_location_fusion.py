from __future__ import annotations

import numpy as np
import pytest

from maskmesh.bench.location import fusion
from maskmesh.bench.location.found import Found


def test_overlapping_boxes_become_the_strongest_with_all_their_counts() -> None:
    strong, weak, apart = (
        Found(10, 10, 40, 40, 9, "a"),
        Found(14, 10, 40, 40, 3, "b"),
        Found(200, 10, 40, 40, 10, "b"),
    )
    assert fusion.fuse([weak, apart, strong]) == [strong._replace(score=12), apart]


@pytest.mark.parametrize("degrees", [15.0, -15.0])
def test_a_box_in_the_turned_picture_comes_back_to_its_place(degrees: float) -> None:
    picture = np.zeros((120, 200), np.uint8)
    picture[28:33, 148:153] = 255
    turned, _ = fusion.turn(picture, degrees)
    rows, columns = np.nonzero(turned > 100)
    x, y = float(columns.mean()), float(rows.mean())
    assert abs(x - 150) + abs(y - 30) > 10

    class OneBox:
        def search(self, gray: np.ndarray, neighbours: int) -> list[Found]:
            there = gray.shape == turned.shape and (gray == turned).all()
            return [Found(x - 20, y - 20, 40, 40, 5)] if there else []

    (found,) = fusion.search(picture, [OneBox()], neighbours=1)
    assert found[:4] == pytest.approx((130, 10, 40, 40), abs=1.0)


def test_the_canvas_holds_the_whole_turned_picture() -> None:
    turned, back = fusion.turn(np.full((100, 100), 7, np.uint8), 15.0)
    assert turned.shape == (122, 122)  # 100 · (cos 15° + sin 15°)
    corners = back @ np.array([[0, 122, 0, 122], [0, 0, 122, 122], [1, 1, 1, 1]], float)
    assert (corners.min(axis=1) < 0).all()
    assert (corners.max(axis=1) > 100).all()
    assert (turned == 7).all()
