from __future__ import annotations

import dlib
import numpy as np
import pytest

from maskmesh.services.mask_synthesis.landmarks import shipped_predictor_path
from maskmesh.services.mask_synthesis.predictor_file import read_ensemble
from maskmesh.services.mask_synthesis.regression_trees import evaluate


@pytest.fixture(scope="module")
def ensemble():
    return read_ensemble(shipped_predictor_path())


@pytest.fixture(scope="module")
def by_dlib():
    predictor = dlib.shape_predictor(str(shipped_predictor_path()))

    def predict(picture, rectangle):
        shape = predictor(picture, dlib.rectangle(*rectangle))
        return np.array([(point.x, point.y) for point in shape.parts()])

    return predict


def pictures_and_rectangles(photos):
    random = np.random.default_rng(3)
    noise = random.integers(0, 256, (150, 90), dtype=np.uint8)
    found = [(noise, (0, 0, 89, 149)), (noise, (-40, 30, 60, 200))]
    for photo in photos.values():
        for _ in range(8):
            x, y, width, height = photo.box
            x, y = x + int(random.integers(-40, 40)), y + int(random.integers(-40, 40))
            width, height = round(width * random.uniform(0.6, 1.5)), round(height * 1.1)
            found.append((photo.image, (x, y, x + width - 1, y + height - 1)))
            gray = np.ascontiguousarray(photo.image[..., 1])
            found.append((gray, (x, y, x + width - 1, y + height - 1)))
    return found


def test_the_answer_is_dlibs_but_for_its_rounding(ensemble, by_dlib, photos):
    pairs = pictures_and_rectangles(photos)
    rectangles = np.array([rectangle for _, rectangle in pairs], np.float64)
    shapes = evaluate(ensemble, [picture for picture, _ in pairs], rectangles)
    expected = np.stack([by_dlib(*pair) for pair in pairs])
    np.testing.assert_array_equal(np.floor(shapes + 0.5), expected)


def test_a_face_does_not_depend_on_the_others(ensemble, photos):
    pairs = pictures_and_rectangles(photos)
    rectangles = np.array([rectangle for _, rectangle in pairs], np.float64)
    together = evaluate(ensemble, [picture for picture, _ in pairs], rectangles)
    for index in (0, 7, len(pairs) - 1):
        alone = evaluate(ensemble, [pairs[index][0]], rectangles[index : index + 1])
        np.testing.assert_array_equal(alone[0], together[index])
