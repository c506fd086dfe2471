from __future__ import annotations

from pathlib import Path

import numpy as np

from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training.evaluation.grad_cam_sheet import Look, draw_looks


def test_a_row_for_each_face_and_colour_only_under_the_maps(tmp_path: Path) -> None:
    face = np.full((48, 48), 120, np.uint8)
    where = np.zeros((48, 48), np.float32)
    where[:24] = 1.0
    look = Look(face, where, "happy 90%")
    sizes = []
    for count in (1, 3):
        file = tmp_path / f"{count}.png"
        titles = ["happy"] * count
        draw_looks(titles, {"unmasked": [look] * count, "masked": [look] * count}, "run", file)
        sizes.append(read_picture(file).shape)
    assert sizes[1][0] > 2 * sizes[0][0]
    assert sizes[1][1] == sizes[0][1]
    picture = read_picture(tmp_path / "1.png").astype(int)
    coloured = (picture.max(axis=2) - picture.min(axis=2)) > 30
    columns = np.array_split(coloured, 4, axis=1)
    bare, mapped = columns[0].mean(), columns[1].mean()
    assert bare < 0.02
    assert mapped > 0.2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.png", "3.png"]
