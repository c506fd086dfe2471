"""What every network answers, from its last features."""

from __future__ import annotations

import keras
from keras import layers

from maskmesh.training.labels import CLASSES


def expression_and_mask(features: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """Return "probabilities" float32 [N, 7] and "mask" float32 [N, 1] of features [N, C].

    The class output starts from zero weights, so that training does not begin with unlearning the
    confident guesses that random weights make. Both stay float32 under every dtype policy:
    bfloat16 probabilities keep two digits.
    """
    probabilities = layers.Dense(
        len(CLASSES),
        activation="softmax",
        kernel_initializer="zeros",
        dtype="float32",
        name="probabilities",
    )
    mask = layers.Dense(1, activation="sigmoid", dtype="float32", name="mask")
    return {"probabilities": probabilities(features), "mask": mask(features)}
