from __future__ import annotations

import keras
import numpy as np

from maskmesh.training.averages import AveragedWeights


def trained_model(use_ema: bool) -> tuple[keras.Model, list[np.ndarray]]:
    """Train a single weight in three steps; return the model and the weight after each."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
    model.compile(keras.optimizers.SGD(0.1, use_ema=use_ema, ema_momentum=0.5), "mse")
    seen = []
    for target in (1.0, 5.0, -3.0):
        model.train_on_batch(np.ones((1, 1)), np.full((1, 1), target))
        seen.append(model.get_weights()[0].copy())
    return model, seen


def test_those_between_see_the_average_and_the_weights_come_back() -> None:
    model, seen = trained_model(use_ema=True)
    averages = AveragedWeights()
    for callback in (averages.use, averages.put_back):
        callback.set_model(model)
    averages.use.on_epoch_end(0, {})
    wanted = 0.5 * (0.5 * seen[0] + 0.5 * seen[1]) + 0.5 * seen[2]
    np.testing.assert_allclose(model.get_weights()[0], wanted, rtol=1e-6)
    averages.put_back.on_epoch_end(0, {})
    np.testing.assert_array_equal(model.get_weights()[0], seen[2])


def test_without_averages_nothing_changes() -> None:
    model, seen = trained_model(use_ema=False)
    averages = AveragedWeights()
    for callback in (averages.use, averages.put_back):
        callback.set_model(model)
        callback.on_epoch_end(0, {})
        np.testing.assert_array_equal(model.get_weights()[0], seen[2])
