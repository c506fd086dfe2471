"""Where a network looks: gradient-weighted class activation maps (Grad-CAM).

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", equations 1 and 2.
"""

from __future__ import annotations

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, SetupError

CLASS_LAYER = "probabilities"


def last_activations(model: keras.Model) -> str:
    """Return the name of the last layer of rectified maps, the ones that Grad-CAM weighs.

    Raises:
        InvalidInputError: The network has no such layer.
    """
    rectified = _rectified(model)
    if not rectified:
        raise InvalidInputError(f"the network {model.name} has no maps to look at: train another")
    return rectified[-1]


def class_activation_maps(
    model: keras.Model,
    faces: NDArray[np.uint8],
    classes: NDArray[np.int64],
    layer: str | None = None,
) -> NDArray[np.float32]:
    """Tell which parts of each face speak for a class.

    The maps A of a layer are weighted by the mean gradient of the class's score with regard to
    each (equation 1), summed, and cut at zero (equation 2). The score is the one before the
    softmax.

    Args:
        model: From "faces" to outputs with "probabilities", a dense layer of that name.
        faces: uint8 [N, 48, 48].
        classes: int64 [N], the class that each map is about.
        layer: Name of the layer; None takes the last rectified maps.

    Returns:
        float32 [N, 48, 48], 0 to 1: 1 where a face speaks most for the class; all 0 if nothing
        of it does.

    Raises:
        NotFoundError: There is no such layer.
        InvalidInputError: The layer gives no maps.
        SetupError: Keras does not run on TensorFlow here, whose gradients are taken.
    """
    if keras.backend.backend() != "tensorflow":
        raise SetupError("these maps need Keras on TensorFlow: unset KERAS_BACKEND")
    import tensorflow as tf  # noqa: PLC0415 - only the gradients need it by name

    head = model.get_layer(CLASS_LAYER)
    watched = keras.Model(model.input, [_maps_of(model, layer), head.input])
    with tf.GradientTape() as tape:
        maps, last = watched({"faces": faces[..., None]}, training=False)
        scores = tf.matmul(last, head.kernel) + head.bias
        own = tf.gather(scores, classes, axis=1, batch_dims=1)
    gradients = tape.gradient(own, maps)
    weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
    found = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()
    return _enlarged(found, faces.shape[1:])


def _maps_of(model: keras.Model, layer: str | None) -> keras.KerasTensor:
    name = layer or last_activations(model)
    if name not in {one.name for one in model.layers}:
        known = ", ".join(_rectified(model))
        raise NotFoundError(f"the network has no layer {name!r}: name one of {known}")
    output = model.get_layer(name).output
    if len(output.shape) != 4:
        raise InvalidInputError(
            f"the layer {name!r} gives no maps but {output.shape}: name another"
        )
    return output


def _rectified(model: keras.Model) -> list[str]:
    """Return the names of all layers of rectified maps, from the picture on."""
    return [
        str(layer.name)
        for layer in model.layers
        if isinstance(layer, keras.layers.ReLU) and len(layer.output.shape) == 4
    ]


def _enlarged(maps: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Scale maps [N, h, w] to the faces' size and each to a highest value of 1."""
    large = np.stack([cv2.resize(one, shape[::-1], interpolation=cv2.INTER_LINEAR) for one in maps])
    highest = large.max(axis=(1, 2), keepdims=True)
    scaled = np.divide(large, highest, out=np.zeros_like(large), where=highest > 0)
    return np.asarray(scaled, np.float32)
