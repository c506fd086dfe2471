from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from maskmesh.services.mask_synthesis import landmarks
from maskmesh.services.mask_synthesis.geometry import interocular_distance
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor, shipped_predictor_path
from maskmesh.services.runtime.errors import InvalidInputError, SetupError

NAMES = ["astronaut", "obama", "biden"]
FIRST_FACES = """
import numpy as np
from numba.core import event
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor

predictor = LandmarkPredictor()
with event.install_recorder("numba:compiler_lock") as compiled:
    predictor.predict(np.zeros((48, 48), np.uint8))
    predictor.predict(np.zeros((64, 64, 3), np.uint8), (8, 8, 40, 40))
    predictor.predict_many(20 * [np.zeros((48, 48), np.uint8)], 20 * [None])
print(len(compiled.buffer))
"""


def error_in_eyes(found: np.ndarray, expected: np.ndarray) -> float:
    """Mean distance in interocular distances."""
    distances = np.hypot(*(found - expected).T)
    return float(distances.mean()) / interocular_distance(expected)


@pytest.mark.parametrize("name", NAMES)
def test_landmarks_have_the_order_of_a_face(photos, name):
    points = photos[name].landmarks
    assert points.shape == (68, 2)
    assert points.dtype == np.float32
    brows, eyes, nose, mouth, chin = (
        points[part, 1].mean()
        for part in (slice(17, 27), slice(36, 48), slice(31, 36), slice(48, 68), slice(7, 10))
    )
    assert brows < eyes < nose < mouth < chin
    assert points[36:42, 0].mean() < points[30, 0] < points[42:48, 0].mean()


@pytest.mark.parametrize("name", NAMES)
def test_a_crop_of_48_pixels_gives_nearly_the_landmarks_of_the_photo(predictor, photos, name):
    photo = photos[name]
    x, y, width, height = photo.box
    crop = photo.image[y : y + height, x : x + width]
    small = cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA)
    found = predictor.predict(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    back = (found + 0.5) * (width / 48) - 0.5 + [x, y]
    # Not enlarged before predicting, it would be over 0.03.
    assert error_in_eyes(back, photo.landmarks) < 0.03


def test_many_faces_at_once_are_as_each_alone(predictor, photos):
    images, boxes = [], []
    for name in NAMES:
        photo = photos[name]
        x, y, width, height = photo.box
        gray = cv2.cvtColor(photo.image, cv2.COLOR_RGB2GRAY)
        images += [photo.image, gray, np.ascontiguousarray(gray[y : y + height, x : x + width])]
        boxes += [photo.box, photo.box, None]
    # More than are evaluated at a time.
    images, boxes = images * 10, boxes * 10
    together = predictor.predict_many(images, boxes)
    alone = [predictor.predict(*one) for one in zip(images, boxes, strict=True)]
    np.testing.assert_array_equal(together, np.stack(alone))
    assert predictor.predict_many([], []).shape == (0, 68, 2)


def test_no_face_waits_for_the_compiler():
    # In a process of its own: in this one, other faces have been predicted before.
    result = subprocess.run(
        [sys.executable, "-c", FIRST_FACES], check=True, capture_output=True, text=True, timeout=60
    )
    assert result.stdout.strip() == "0"


def test_landmarks_move_with_the_face(predictor, photos):
    photo = photos["obama"]
    x, y, width, height = photo.box
    shifted = np.roll(photo.image, (30, -40), axis=(0, 1))
    found = predictor.predict(shifted, (x - 40, y + 30, width, height))
    np.testing.assert_allclose(found, photo.landmarks + np.array([-40, 30]), atol=1e-3)


def test_what_surrounds_the_box_is_seen_but_not_the_whole_picture(predictor, photos):
    x, y, width, height = photos["obama"].box
    large = cv2.resize(photos["obama"].image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    found = predictor.predict(large, (2 * x, 2 * y, 2 * width, 2 * height))
    plain = dlib.shape_predictor(str(shipped_predictor_path()))
    corners = dlib.rectangle(2 * x, 2 * y, 2 * (x + width) - 1, 2 * (y + height) - 1)
    whole = np.array([(point.x, point.y) for point in plain(large, corners).parts()])
    assert np.abs(found - whole).max() <= 1


def test_a_face_at_the_border_is_found(predictor, photos):
    photo = photos["biden"]
    x, y, width, height = photo.box
    crop = photo.image[y:, x:]
    found = predictor.predict(crop, (0, 0, width, height))
    assert error_in_eyes(found + np.array([x, y]), photo.landmarks) < 0.1


def test_gray_and_colour_agree(predictor, photos):
    photo = photos["astronaut"]
    gray = cv2.cvtColor(photo.image, cv2.COLOR_RGB2GRAY)
    assert error_in_eyes(predictor.predict(gray, photo.box), photo.landmarks) < 0.05


@pytest.mark.parametrize(
    ("image", "box", "says"),
    [
        (np.zeros((48, 48), np.float32), None, "float32"),
        (np.zeros((48, 48, 4), np.uint8), None, r"\(48, 48, 4\)"),
        (np.zeros((0, 48), np.uint8), None, r"\(0, 48\)"),
        (np.zeros((48, 48), np.uint8), (40, 0, 9, 9), "not inside the 48×48"),
        (np.zeros((48, 48), np.uint8), (-1, 0, 9, 9), "not inside the 48×48"),
        (np.zeros((48, 48), np.uint8), (0, 0, 0, 9), "at least a pixel"),
        (np.zeros((20, 4000), np.uint8), None, "no shape of a face"),
    ],
)
def test_bad_input_is_refused(predictor, image, box, says):
    with pytest.raises(InvalidInputError, match=says):
        predictor.predict(image, box)


def assert_names_both_remedies(error: SetupError) -> None:
    assert "pip install 'maskmesh[synthesis]'" in str(error)
    assert "--predictor-path or MASKMESH_SYNTHESIS_PREDICTOR_PATH" in str(error)


def test_a_missing_file_says_what_to_do(tmp_path: Path):
    with pytest.raises(SetupError, match=r"nothing\.dat") as caught:
        LandmarkPredictor(tmp_path / "nothing.dat")
    assert_names_both_remedies(caught.value)


def test_a_file_that_is_no_predictor_says_what_to_do(tmp_path: Path):
    wrong = tmp_path / "wrong.dat"
    wrong.write_bytes(b"no predictor" * 100)
    with pytest.raises(SetupError, match="no dlib landmark predictor") as caught:
        LandmarkPredictor(wrong)
    assert_names_both_remedies(caught.value)


def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(landmarks, "MODELS_PACKAGE", "no_such_package_anywhere")
    with pytest.raises(SetupError, match="not installed") as caught:
        shipped_predictor_path()
    assert_names_both_remedies(caught.value)
