from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from maskmesh.bench.synthesis.figures import draw_all, draw_steps
from maskmesh.bench.synthesis.portraits import load_portraits
from maskmesh.bench.synthesis.sheets import labelled_grid
from maskmesh.bench.synthesis.steps import take_steps
from maskmesh.clients.streaming.palette import INK
from maskmesh.services.mask_synthesis.geometry import NOSE_AND_MOUTH
from maskmesh.services.runtime.errors import NoFaceError, NotFoundError
from maskmesh.services.runtime.pictures import encode_png, read_picture

OWN_MASK = Path(__file__).parents[3] / "examples" / "masks" / "grin.png"


@pytest.fixture(scope="module")
def turned(faces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    (folder / "biden.jpg").write_bytes((faces / "biden.jpg").read_bytes())
    return folder


@pytest.fixture(scope="module")
def portrait(turned):
    return load_portraits(turned)[0]


def test_a_portrait_is_cut_with_its_landmarks(portrait, faces):
    photo = read_picture(faces / "biden.jpg")
    rows, columns = portrait.picture.shape[:2]
    assert rows == columns < min(photo.shape[:2])
    assert (portrait.landmarks > 0).all()
    assert (portrait.landmarks < rows).all()
    # The pupils are darker than the forehead between the brows.
    gray = cv2.cvtColor(portrait.picture, cv2.COLOR_RGB2GRAY)
    pupil = portrait.landmarks[36:42].mean(axis=0).round().astype(int)
    brow = portrait.landmarks[[21, 22]].mean(axis=0).round().astype(int)
    assert gray[pupil[1], pupil[0]] < gray[brow[1], brow[0]] - 20


def test_only_the_homography_brings_the_mask_to_the_pivots(portrait):
    steps = take_steps(portrait.picture, portrait.landmarks, "surgical", "blue")
    quad = steps.quad.round().astype(np.int32)
    inside = cv2.fillConvexPoly(np.zeros(portrait.picture.shape[:2], np.uint8), quad, 1) > 0
    spilt = {}
    for name in ("without_homography", "with_homography"):
        changed = np.abs(getattr(steps, name).astype(int) - portrait.picture).max(axis=2) > 40
        spilt[name] = (changed & ~inside).sum() / changed.sum()
    assert spilt["with_homography"] < 0.1 < spilt["without_homography"]


def test_the_crop_shows_the_mask_that_the_overlay_puts_on(portrait):
    steps = take_steps(portrait.picture, portrait.landmarks, "surgical", "blue")
    assert steps.crop.shape[2] == 4
    opaque = steps.crop[..., 3] == 255
    assert 0.2 < opaque.mean() < 0.95
    red, _, blue = (steps.crop[opaque][:, channel].mean() for channel in range(3))
    assert blue > red + 40
    covered = steps.landmarks[NOSE_AND_MOUTH].round().astype(int)
    before, after = (
        picture[covered[:, 1], covered[:, 0]].astype(int)
        for picture in (steps.picture, steps.masked)
    )
    assert (np.abs(after - before).max(axis=1) > 10).mean() > 0.9


def test_all_pictures_are_drawn_small_enough_for_a_repository(turned, tmp_path):
    draw_all(turned, OWN_MASK, tmp_path / "new")
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == [
        "masks_all.jpg",
        "masks_own.jpg",
        "masks_patterns.jpg",
        "masks_positions.jpg",
        "masks_steps.jpg",
        "masks_styles.jpg",
    ]
    for name in names:
        assert (tmp_path / "new" / name).stat().st_size < 400_000
        assert read_picture(tmp_path / "new" / name).std() > 20


def test_the_panels_of_a_row_stand_side_by_side(portrait, tmp_path):
    steps = take_steps(portrait.picture, portrait.landmarks, "surgical", "blue")
    draw_steps(steps, tmp_path / "steps.jpg")
    gray = read_picture(tmp_path / "steps.jpg", "L").astype(int)
    # Where the ground ends, going up from the lower edge, in each third of the width.
    thirds = np.array_split(np.abs(gray - INK[0]) > 12, 3, axis=1)
    ends = [int(np.flatnonzero(third.any(axis=1))[-1]) for third in thirds]
    assert max(ends) - min(ends) <= 2


def test_a_grid_has_its_tiles_in_place():
    sheet = labelled_grid(
        ["one", "two"],
        ["a", "b", "c"],
        lambda row, column: np.full((9, 9, 3), 100 + 10 * row + column, np.uint8),
        20,
    )
    found = [
        [int(value) for value in np.unique(line[-72:]) if 100 <= value <= 112] for line in sheet
    ]
    assert found[-10] == [110, 111, 112]
    assert [100, 101, 102] in found


def test_photos_without_a_face_and_no_photos_are_told(tmp_path):
    with pytest.raises(NotFoundError, match="no photos in"):
        load_portraits(tmp_path)
    (tmp_path / "gray.png").write_bytes(encode_png(np.full((64, 64), 127, np.uint8)))
    with pytest.raises(NoFaceError, match="no face is found in"):
        load_portraits(tmp_path)
