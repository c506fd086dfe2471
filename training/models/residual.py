"""A small residual network with squeeze-and-excitation, made for speed on a CPU.

Residual blocks: He et al. 2016, "Deep Residual Learning for Image Recognition", with the pooled
shortcut of He et al. 2019, "Bag of Tricks" (ResNet-D). Squeeze-and-excitation: Hu et al. 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from maskmesh.training.labels import CLASSES, FACE_SIZE

SQUEEZE = 8
LEAST_SQUEEZED = 8
# Keras's 0.99 lags behind for hundreds of steps.
NORM_MOMENTUM = 0.98


def build_residual(widths: Sequence[int], *, dropout: float) -> keras.Model:
    """Build a stem of stride 2 and two residual blocks a stage, the last stage one.

    The stem halves the picture before the wide layers see it: a third of the time of a network
    that works on all pixels.

    Args:
        widths: Filters of each stage; each but the first halves height and width.
        dropout: Share of pooled features dropped, 0 to 1.

    Returns:
        Model from "faces" uint8 [N, 48, 48, 1] to {"probabilities": float32 [N, 7],
        "mask": float32 [N, 1]}.
    """
    faces = keras.Input((FACE_SIZE, FACE_SIZE, 1), dtype="uint8", name="faces")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(faces)
    x = layers.ReLU(name="stem_relu")(_convolved(x, widths[0], 3, 2, "stem"))
    x = _block(x, widths[0], 1, "stage1_block1")
    for stage, width in enumerate(widths[1:], start=2):
        x = _block(x, width, 2, f"stage{stage}_block1")
        if stage < len(widths):
            x = _block(x, width, 1, f"stage{stage}_block2")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(dropout, name="drop")(x)
    # The outputs stay float32 under every dtype policy: bfloat16 probabilities keep two digits.
    outputs = {
        "probabilities": layers.Dense(
            len(CLASSES),
            activation="softmax",
            kernel_initializer="zeros",
            dtype="float32",
            name="probabilities",
        )(x),
        "mask": layers.Dense(1, activation="sigmoid", dtype="float32", name="mask")(x),
    }
    return keras.Model({"faces": faces}, outputs, name="residual")


def _block(x: keras.KerasTensor, width: int, stride: int, name: str) -> keras.KerasTensor:
    y = _convolved(x, width, 3, stride, f"{name}_a")
    y = layers.ReLU(name=f"{name}_a_relu")(y)
    y = _convolved(y, width, 3, 1, f"{name}_b")
    y = _excited(y, name)
    if stride > 1:
        x = layers.AveragePooling2D(stride, padding="same", name=f"{name}_pool")(x)
    if x.shape[-1] != width:
        x = _convolved(x, width, 1, 1, f"{name}_shortcut")
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))


def _convolved(
    x: keras.KerasTensor, width: int, kernel: int, stride: int, name: str
) -> keras.KerasTensor:
    # No bias: the normalisation would subtract it again.
    convolution = layers.Conv2D(
        width,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )
    norm = layers.BatchNormalization(momentum=NORM_MOMENTUM, name=f"{name}_norm")
    return norm(convolution(x))


def _excited(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Scale each channel by what all channels' means tell."""
    width = x.shape[-1]
    squeezed = max(LEAST_SQUEEZED, width // SQUEEZE)
    s = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    s = layers.Dense(squeezed, activation="relu", name=f"{name}_excite_a")(s)
    s = layers.Dense(width, activation="sigmoid", name=f"{name}_excite_b")(s)
    return layers.Multiply(name=f"{name}_excited")([x, s])
