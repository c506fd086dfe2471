"""The seed paper's CNN, with one addition: a second output that tells whether a mask is worn."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from maskmesh.training.labels import FACE_SIZE
from maskmesh.training.models.outputs import expression_and_mask

CONVOLUTIONS = ((64, 3), (128, 5), (512, 3), (512, 3))
DENSE = (256, 512)


def build_paper_cnn(
    *,
    dropout: float = 0.25,
    convolutions: Sequence[tuple[int, int]] = CONVOLUTIONS,
    dense: Sequence[int] = DENSE,
) -> keras.Model:
    """Build four blocks of Conv2D-BatchNorm-ReLU-MaxPool-Dropout and two dense blocks.

    With the default widths it has the paper's 4.48 million parameters. Scaling of the pixels is a
    layer, so that whoever runs the network hands over plain uint8 values. The mask output is ours:
    the contract promises a mask probability, and the same features carry it.

    Layers before a batch normalisation have no bias: it would be subtracted again, and in 16-bit
    arithmetic its gradient, which should be zero, is rounding noise that makes it drift.

    Args:
        dropout: Share of values dropped after every block, 0 to 1.
        convolutions: Filters and kernel size, in pixels, of each block.
        dense: Units of each dense block.

    Returns:
        Model from "faces" uint8 [N, 48, 48, 1] to {"probabilities": float32 [N, 7],
        "mask": float32 [N, 1]}.
    """
    faces = keras.Input((FACE_SIZE, FACE_SIZE, 1), dtype="uint8", name="faces")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(faces)
    for index, (filters, kernel) in enumerate(convolutions, start=1):
        name = f"block{index}"
        conv = layers.Conv2D(
            filters,
            kernel,
            padding="same",
            use_bias=False,
            name=f"{name}_conv",
        )
        x = _normalised(conv(x), name)
        x = layers.MaxPooling2D(name=f"{name}_pool")(x)
        x = layers.Dropout(dropout, name=f"{name}_drop")(x)
    x = layers.Flatten(name="flatten")(x)
    for index, units in enumerate(dense, start=1):
        name = f"dense{index}"
        x = layers.Dense(units, use_bias=False, name=name)(x)
        x = _normalised(x, name)
        x = layers.Dropout(dropout, name=f"{name}_drop")(x)
    return keras.Model({"faces": faces}, expression_and_mask(x), name="paper_cnn")


def _normalised(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
