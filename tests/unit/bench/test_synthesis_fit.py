from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from maskmesh.bench.synthesis.coverage import coverage, covered
from maskmesh.bench.synthesis.fit import run
from maskmesh.bench.synthesis.fit_report import report
from maskmesh.bench.synthesis.pivot_errors import middle_line
from maskmesh.bench.synthesis.samples import sample
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.geometry import EYES, NOSE_AND_MOUTH
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE
from maskmesh.services.runtime.pictures import read_picture

FRONTAL = (MEAN_SHAPE * 70 + [100, 80]).astype(np.float32)
BOXES = {"astronaut": (179, 83, 88, 88), "obama": (194, 78, 151, 151)}
MOVED = 8


@pytest.fixture(scope="module")
def truth(faces: Path, tmp_path_factory) -> Path:
    """Photos whose marks lie MOVED pixels to the right of what the predictor finds."""
    folder, predictor = tmp_path_factory.mktemp("truth"), LandmarkPredictor()
    for name, box in BOXES.items():
        picture = read_picture(faces / f"{name}.jpg")
        cv2.imwrite(str(folder / f"{name}.png"), picture[:, :, ::-1])
        points = predictor.predict(picture, box) + [MOVED, 0] + 1
        lines = "\n".join(f"{x:.2f} {y:.2f}" for x, y in points)
        (folder / f"{name}.pts").write_text(f"n_points: 68\n{{\n{lines}\n}}\n")
    return folder


@pytest.fixture(scope="module")
def crops(faces: Path, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("crops")
    for name, (x, y, width, height) in BOXES.items():
        crop = read_picture(faces / f"{name}.jpg", "L")[y : y + height, x : x + width]
        cv2.imwrite(str(folder / f"{name}.png"), crop)
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize("style", MASK_STYLES)
def test_a_proper_mask_covers_nose_and_mouth_and_no_eye(style):
    told = covered(FRONTAL, style)
    assert told[NOSE_AND_MOUTH].all()
    assert not told[EYES].any()


def test_positions_and_wrong_landmarks_cover_less():
    assert not covered(FRONTAL, "cloth", "on_chin")[48:68].any()
    below = covered(FRONTAL, "cloth", "below_nose")
    assert below[48:68].mean() > 0.6
    assert not below[30:36].any()
    higher = (FRONTAL - [0, 45]).astype(np.float32)
    assert covered(higher, "cloth", marked=FRONTAL)[EYES].any()


def test_faces_without_room_for_a_mask_do_not_count():
    told = coverage([FRONTAL, np.zeros((68, 2), np.float32)], ["cloth"])
    assert told["cloth"].faces == 1
    assert told["cloth"].nose_and_mouth == 1.0


def test_middle_lines_meet_on_a_symmetric_face_and_six_pivots_shear_on_a_slanted_one():
    straight = middle_line(FRONTAL)
    assert straight.four < 0.03
    assert straight.seam < 0.02
    slanted = FRONTAL.copy()
    slanted[:, 0] += 0.25 * (slanted[:, 1] - 130) * (np.abs(slanted[:, 0] - 100) < 45)
    line = middle_line(slanted)
    assert line.six < line.four
    assert line.seam > straight.seam


def test_a_sample_leaves_out_what_cannot_be_read(crops):
    assert len(sample(crops, 10, 1)) == 2
    assert len(sample(crops, 1, 1)) == 1
    assert len(sample(crops, 10, 1, prefix="ob")) == 1
    assert len(sample(crops, 10, 1, prefix="train/")) == 2


def test_the_report_tells_errors_and_coverage(truth, crops, tmp_path, capsys):
    report(run(truth, [crops], count=2, scored=2), tmp_path / "fit.json")
    numbers = json.loads((tmp_path / "fit.json").read_text())
    marked = numbers["marked"]["pts"]
    assert marked["faces"] == marked["located"] == 2
    # About what the marks were moved by: 8 pixels of 40 and 65 between the eyes.
    assert 0.1 < marked["corners proper mean"] < 0.3
    assert 0.1 < marked["landmarks mean"] < 0.3
    data = numbers["data"][crops.name]
    assert data["coverage"]["surgical"]["nose and mouth covered"] > 0.99
    assert data["coverage"]["surgical"]["eyes touched"] == 0
    assert data["fit_score"]["all"]["faces"] == 2
    assert data["middle_line"]["all faces"]["faces"] == 2
    assert "dlib's own predictor" in capsys.readouterr().out
