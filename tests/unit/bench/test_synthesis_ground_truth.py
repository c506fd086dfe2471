from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from maskmesh.bench.synthesis.ground_truth import load_marked
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError

POINTS = np.round(MEAN_SHAPE * 20 + [50, 40]).astype(int)


def write_photo(file: Path) -> None:
    cv2.imwrite(str(file), np.full((120, 100, 3), 90, np.uint8))


def pts(points: np.ndarray) -> str:
    lines = "\n".join(f"{x}.000 {y}.000" for x, y in points)
    return f"version: 1\nn_points: {len(points)}\n{{\n{lines}\n}}\n"


def xml(file: str, points: np.ndarray) -> str:
    # Not in order: the names tell which is which.
    numbered = list(enumerate(points))[::-1]
    parts = "".join(f"<part name='{index:02}' x='{x}' y='{y}'/>" for index, (x, y) in numbered)
    box = f"<box top='1' left='2' width='3' height='4'>{parts}</box>"
    return f"<dataset><images><image file='{file}'>{box}</image></images></dataset>"


def test_both_kinds_of_files_are_read(tmp_path):
    write_photo(tmp_path / "one.png")
    write_photo(tmp_path / "two.jpg")
    (tmp_path / "one.pts").write_text(pts(POINTS + 1))
    (tmp_path / "all.xml").write_text(xml("two.jpg", POINTS))
    first, second = load_marked(tmp_path)
    assert (first.name, first.kind) == ("one.png", "pts")
    assert (second.name, second.kind) == ("two.jpg", "xml")
    for face in (first, second):
        np.testing.assert_array_equal(face.landmarks, POINTS)
        assert face.picture.shape == (120, 100, 3)


def test_other_numbers_of_points_and_missing_photos_are_left_out(tmp_path):
    write_photo(tmp_path / "few.png")
    (tmp_path / "few.pts").write_text(pts(POINTS[:5]))
    (tmp_path / "lost.pts").write_text(pts(POINTS))
    (tmp_path / "lost.xml").write_text(xml("lost.jpg", POINTS))
    with pytest.raises(NotFoundError, match="no photos with 68 landmarks"):
        load_marked(tmp_path)


@pytest.mark.parametrize(("name", "text"), [("a.pts", "1 2 3"), ("a.xml", "<dataset>")])
def test_broken_files_are_named(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidInputError, match=name):
        load_marked(tmp_path)
