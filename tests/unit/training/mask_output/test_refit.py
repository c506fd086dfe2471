from __future__ import annotations

import keras
import numpy as np
import pytest

from maskmesh.training.mask_output.refit import judge_mask, refit
from maskmesh.training.mask_output.samples import Faces
from maskmesh.training.models.residual import build_residual


def faces_of(count: int, seed: int, level: int) -> Faces:
    """Return noise, half of it with a lower half of one level, which stands for a mask."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 48, 48), dtype=np.uint8)
    worn = np.arange(count) % 2 == 0
    images[worn, 24:] = level
    return Faces(images, worn)


def test_masks_of_another_look_are_learnt_and_the_expressions_stay() -> None:
    keras.utils.set_random_seed(1)
    model = build_residual((24, 32), dropout=0.0)
    faces = np.random.default_rng(3).integers(0, 256, (4, 48, 48, 1), dtype=np.uint8)
    model.get_layer("probabilities").set_weights(
        [np.random.default_rng(4).normal(size=(32, 7)), np.zeros(7)]
    )
    before = np.asarray(model({"faces": faces})["probabilities"])
    refit(model, [faces_of(40, 0, 200), faces_of(40, 1, 90)])
    for level in (200, 90):
        assert judge_mask(model, faces_of(40, 2, level)).total > 0.9
    np.testing.assert_array_equal(np.asarray(model({"faces": faces})["probabilities"]), before)


def test_a_group_of_few_faces_weighs_as_much_as_one_of_many() -> None:
    model = build_residual((6, 8), dropout=0.0)
    few, many = faces_of(6, 0, 200), faces_of(200, 1, 90)
    # What is a mask in the one group is none in the other.
    refit(model, [Faces(few.images, ~few.worn), many])
    assert judge_mask(model, few).total < 0.5


def test_shares_are_of_masked_bare_and_all() -> None:
    model = build_residual((6, 8), dropout=0.0)
    model.get_layer("mask").set_weights([np.zeros((8, 1)), np.array([3.0])])
    faces = faces_of(10, 0, 200)
    right = judge_mask(model, Faces(faces.images, np.arange(10) < 3))
    assert (right.masked, right.bare) == (1.0, 0.0)
    assert right.total == pytest.approx(0.3)
