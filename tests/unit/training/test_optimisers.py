from __future__ import annotations

import keras
import numpy as np
import pytest

from maskmesh.training.optimisers import build_optimiser
from maskmesh.training.recipe import load_recipe


def rates(optimiser: keras.optimizers.Optimizer, steps: list[int]) -> list[float]:
    """Return the learning rate at steps."""
    found = []
    for step in steps:
        optimiser.iterations.assign(step)
        found.append(float(optimiser.learning_rate))
    return found


def test_cosine_rises_then_falls_to_its_end() -> None:
    recipe = load_recipe("best", epochs=10, warm_up_epochs=2, learning_rate=1e-3)
    recipe = recipe.model_copy(update={"min_learning_rate": 1e-5})
    optimiser = build_optimiser(recipe, steps=100)
    found = rates(optimiser, [0, 100, 200, 600, 1000, 1200])
    middle = (1e-3 + 1e-5) / 2
    assert found == pytest.approx([0.0, 5e-4, 1e-3, middle, 1e-5, 1e-5], rel=1e-4)


def test_cosine_without_warm_up_starts_at_its_height() -> None:
    recipe = load_recipe("best", epochs=10, warm_up_epochs=0, learning_rate=1e-3)
    assert rates(build_optimiser(recipe, 100), [0]) == pytest.approx([1e-3])


def test_plateau_keeps_a_rate_that_can_be_set() -> None:
    optimiser = build_optimiser(load_recipe("paper"), 100)
    assert rates(optimiser, [0, 5000]) == pytest.approx([7e-4, 7e-4])
    optimiser.learning_rate = 1e-4
    assert float(optimiser.learning_rate) == pytest.approx(1e-4)
    assert not optimiser.use_ema
    assert optimiser.global_clipnorm is None


def test_only_kernels_decay() -> None:
    recipe = load_recipe("best", warm_up_epochs=0, learning_rate=0.1, weight_decay=0.5)
    inputs = keras.Input((3,))
    x = keras.layers.Dense(2, name="d")(inputs)
    model = keras.Model(inputs, keras.layers.BatchNormalization(name="n")(x))
    optimiser = build_optimiser(recipe, 100)
    optimiser.build(model.trainable_variables)
    for weight in model.trainable_variables:
        weight.assign(keras.ops.ones_like(weight))
    nothing = [keras.ops.zeros_like(weight) for weight in model.trainable_variables]
    optimiser.apply(nothing, model.trainable_variables)
    for weight in model.trainable_variables:
        wanted = 1 - 0.1 * 0.5 if weight.name == "kernel" else 1.0
        np.testing.assert_allclose(np.asarray(weight), wanted, rtol=1e-5)
