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


@pytest.fixture(params=[2, 3], ids=["depth 2", "depth 3"])
def small_predictor(request, tmp_path):
    """A predictor unlike the shipped one: 5 points, 7 trees a cascade, of another depth."""
    random = np.random.default_rng(request.param)
    options = dlib.shape_predictor_training_options()
    options.tree_depth, options.cascade_depth = request.param, 3
    options.num_trees_per_cascade_level, options.feature_pool_size = 7, 30
    options.oversampling_amount, options.num_test_splits, options.num_threads = 4, 5, 1
    options.nu = 0.5
    pictures, faces = [], []
    for _ in range(12):
        pictures.append(random.integers(0, 256, (60, 80), np.uint8))
        points = [dlib.point(*place) for place in random.integers(5, 50, (5, 2)).tolist()]
        faces.append([dlib.full_object_detection(dlib.rectangle(5, 5, 50, 45), points)])
    dlib.train_shape_predictor(pictures, faces, options).save(str(tmp_path / "small.dat"))
    return tmp_path / "small.dat"


@pytest.mark.parametrize("count", [1, 40])
def test_predictors_of_another_size_are_evaluated_as_dlib_does(small_predictor, count):
    random = np.random.default_rng(1)
    pictures = list(random.integers(0, 256, (count, 60, 80), np.uint8))
    corners = random.integers(-10, 40, (count, 2))
    rectangles = np.hstack([corners, corners + random.integers(5, 60, (count, 2))])
    shapes = evaluate(read_ensemble(small_predictor), pictures, rectangles.astype(np.float64))
    by_dlib = dlib.shape_predictor(str(small_predictor))
    for picture, rectangle, shape in zip(pictures, rectangles.tolist(), shapes, strict=True):
        expected = by_dlib(picture, dlib.rectangle(*rectangle)).parts()
        assert np.floor(shape + 0.5).tolist() == [[point.x, point.y] for point in expected]


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
    for few in ([0], [7], [len(pairs) - 1], list(range(3, 10)), list(range(8, 16))):
        others = evaluate(ensemble, [pairs[index][0] for index in few], rectangles[few])
        np.testing.assert_array_equal(others, together[few])
