"""A small residual network with squeeze-and-excitation, made for speed on a CPU.

Residual blocks: He et al. 2016, "Deep Residual Learning for Image Recognition", with the pooled
shortcut of He et al. 2019, "Bag of Tricks" (ResNet-D). Squeeze-and-excitation: Hu et al. 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import keras
import numpy as np
from keras import layers

from maskmesh.training.labels import FACE_SIZE
from maskmesh.training.models.outputs import expression_and_mask

Blocks = Literal["plain", "excited", "separable"]
Pooling = Literal["mean", "eyes"]

# Height of the eyes in a face as FER2013 frames it, and how far around them is looked at first; as
# shares of the picture's height.
EYES_AT, EYES_SPREAD = 0.35, 0.25
SQUEEZE = 8
LEAST_SQUEEZED = 8
# Keras's 0.99 lags behind for hundreds of steps.
NORM_MOMENTUM = 0.98


def build_residual(
    widths: Sequence[int],
    *,
    dropout: float,
    blocks: Blocks = "excited",
    pooling: Pooling = "mean",
) -> keras.Model:
    """Build a stem of stride 2 and two residual blocks a stage, the last stage one.

    The stem halves the picture before the wide layers see it: a third of the time of a network
    that works on all pixels.

    Args:
        widths: Filters of each stage; each but the first halves height and width.
        dropout: Share of pooled features dropped, 0 to 1.
        blocks: "plain" residual blocks, "excited" ones (squeeze-and-excitation), or "separable":
            excited, each convolution parted into a depthwise and a pointwise one.
        pooling: "mean" of all places, or weighted: "eyes" begins at the eyes and learns the rest.

    Returns:
        Model from "faces" uint8 [N, 48, 48, 1] to {"probabilities": float32 [N, 7],
        "mask": float32 [N, 1]}.
    """
    faces = keras.Input((FACE_SIZE, FACE_SIZE, 1), dtype="uint8", name="faces")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(faces)
    x = layers.ReLU(name="stem_relu")(_convolved(x, widths[0], 3, 2, "stem"))
    x = _block(x, widths[0], 1, "stage1_block1", blocks)
    for stage, width in enumerate(widths[1:], start=2):
        x = _block(x, width, 2, f"stage{stage}_block1", blocks)
        if stage < len(widths):
            x = _block(x, width, 1, f"stage{stage}_block2", blocks)
    x = _from_the_eyes(x) if pooling == "eyes" else layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(dropout, name="drop")(x)
    return keras.Model({"faces": faces}, expression_and_mask(x), name="residual")


def _block(
    x: keras.KerasTensor, width: int, stride: int, name: str, blocks: Blocks
) -> keras.KerasTensor:
    convolved = _separably_convolved if blocks == "separable" else _convolved
    y = convolved(x, width, 3, stride, f"{name}_a")
    y = layers.ReLU(name=f"{name}_a_relu")(y)
    y = convolved(y, width, 3, 1, f"{name}_b")
    if blocks != "plain":
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


def _separably_convolved(
    x: keras.KerasTensor, width: int, kernel: int, stride: int, name: str
) -> keras.KerasTensor:
    """Convolve each channel, then mix them: Howard et al. 2017, "MobileNets"."""
    depthwise = layers.DepthwiseConv2D(
        kernel,
        stride,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_depthwise",
    )
    norm = layers.BatchNormalization(momentum=NORM_MOMENTUM, name=f"{name}_depthwise_norm")
    x = layers.ReLU(name=f"{name}_depthwise_relu")(norm(depthwise(x)))
    return _convolved(x, width, 1, 1, name)


def _excited(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Scale each channel by what all channels' means tell."""
    width = x.shape[-1]
    squeezed = max(LEAST_SQUEEZED, width // SQUEEZE)
    s = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    s = layers.Dense(squeezed, activation="relu", name=f"{name}_excite_a")(s)
    s = layers.Dense(width, activation="sigmoid", name=f"{name}_excite_b")(s)
    return layers.Multiply(name=f"{name}_excited")([x, s])


def _from_the_eyes(x: keras.KerasTensor) -> keras.KerasTensor:
    """Return the mean over all places, weighted by a softmax that starts at the height of the eyes.

    Which places weigh more depends on what the face shows, as in attention pooling.
    """
    height, width, channels = x.shape[1:]
    rows = (np.arange(height) + 0.5) / height
    start = np.repeat(-(((rows - EYES_AT) / EYES_SPREAD) ** 2) / 2, width)
    places = layers.Dense(
        height * width,
        activation="softmax",
        kernel_initializer="zeros",
        bias_initializer=keras.initializers.Constant(start),
        name="eyes_places",
    )(layers.GlobalAveragePooling2D(name="eyes_seen")(x))
    flat = layers.Reshape((height * width, channels), name="eyes_flat")(x)
    return layers.Dot(axes=1, name="pool")([places, flat])
