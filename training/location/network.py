"""The verifier's network, and its way to ONNX."""

from __future__ import annotations

from pathlib import Path

import keras
import onnx
from keras import layers

from maskmesh.services.face_location.verifier import PATCH_SIDE

OPSET = 18


def verifier_network(seed: int) -> keras.Model:
    """Build the network: about 0.1 million parameters, 2 million multiplications a patch.

    Each patch is first brought to mean 0 and standard deviation 1, so that light and contrast
    don't matter.

    Args:
        seed: Of the initial weights.

    Returns:
        Model from "patches" uint8 N×32×32 to {"score": float32 N×1, "correction": float32 N×3}.
    """
    keras.utils.set_random_seed(seed)
    patches = keras.Input((PATCH_SIDE, PATCH_SIDE), dtype="uint8", name="patches")
    pixels = keras.ops.expand_dims(keras.ops.cast(patches, "float32"), -1)
    mean = keras.ops.mean(pixels, axis=(1, 2, 3), keepdims=True)
    spread = keras.ops.std(pixels, axis=(1, 2, 3), keepdims=True)
    flow = (pixels - mean) / (spread + 2.0)
    flow = _convolution(flow, 16, 5, strides=2)
    flow = _convolution(flow, 24, 3)
    flow = layers.MaxPooling2D()(flow)
    flow = _convolution(flow, 40, 3)
    flow = layers.MaxPooling2D()(flow)
    flow = _convolution(flow, 64, 3)
    flow = layers.Flatten()(flow)
    flow = layers.Dropout(0.2, seed=seed)(flow)
    # Each answer from units of its own, which leak: with shared ReLUs all units fell silent on
    # faces, and nothing was left to learn the correction from.
    telling = layers.Dense(48, activation="leaky_relu")(flow)
    framing = layers.Dense(64, activation="leaky_relu")(flow)
    score = layers.Dense(1, activation="sigmoid", name="score")(telling)
    correction = layers.Dense(3, name="correction")(framing)
    return keras.Model(patches, {"score": score, "correction": correction}, name="face_verifier")


def write_onnx(model: keras.Model, path: Path, metadata: dict[str, str]) -> None:
    """Write a verifier as ONNX, checked, whole or not at all."""
    import tensorflow as tf  # noqa: PLC0415 - only conversion needs it by name
    import tf2onnx  # noqa: PLC0415

    signature = [tf.TensorSpec((None, PATCH_SIDE, PATCH_SIDE), tf.uint8, name="patches")]

    @tf.function(input_signature=signature)
    def answer(patches: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = model(patches, training=False)
        return {
            "score": tf.squeeze(outputs["score"], axis=1),
            "correction": tf.identity(outputs["correction"]),
        }

    converted, _ = tf2onnx.convert.from_function(answer, input_signature=signature, opset=OPSET)
    for put in [*converted.graph.input, *converted.graph.output]:
        put.type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.helper.set_model_props(converted, metadata)
    onnx.checker.check_model(converted, full_check=True)
    partial = path.with_suffix(".partial")
    onnx.save(converted, partial)
    partial.replace(path)


def _convolution(flow: keras.KerasTensor, filters: int, size: int, strides: int = 1) -> object:
    flow = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(flow)
    return layers.LeakyReLU(0.1)(layers.BatchNormalization()(flow))
