"""What export adds to a trained network: the mean with the mirror image, and a temperature."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.classification.classifier import Classified
from maskmesh.training.convert import keras_answers
from maskmesh.training.labels import FACE_SIZE
from maskmesh.training.targets import LEAST_PROBABILITY


@dataclass(frozen=True, slots=True)
class Views:
    """What a network answers to faces as they are, and to their mirror images."""

    plain: Classified
    mirrored: Classified

    def answers(self, mirrored: bool) -> Classified:
        """Return the mean of both views, or the answers to the faces as they are."""
        if not mirrored:
            return self.plain
        return Classified(
            _mean(self.plain.probabilities, self.mirrored.probabilities),
            _mean(self.plain.mask, self.mirrored.mask),
        )


def both_views(model: keras.Model, faces: NDArray[np.uint8]) -> Views:
    """Classify faces, uint8 [N, 48, 48], and their mirror images with Keras."""
    return Views(keras_answers(model, faces), keras_answers(model, faces[:, :, ::-1]))


def with_lean_maps(model: keras.Model) -> keras.Model:
    """Rebuild a network with convolutions of one pixel where dense layers work on maps.

    Both do the same. But a dense layer on [N, 1, 1, C] becomes a dozen operations in ONNX, which
    in a small network take as long as the layer.
    """

    def lean(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, keras.layers.Dense) and len(layer.input.shape) == 4:
            return keras.layers.Conv2D(layer.units, 1, activation=layer.activation, name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    rebuilt = keras.models.clone_model(model, clone_function=lean)
    for layer in model.layers:
        weights = rebuilt.get_layer(layer.name).weights
        for weight, trained in zip(weights, layer.get_weights(), strict=True):
            weight.assign(trained.reshape(weight.shape))
    return rebuilt


def finished(model: keras.Model, *, mirrored: bool, temperature: float) -> keras.Model:
    """Build the network that is served from a trained one; the weights are shared.

    The temperature works on the mean of the views, not on each view: what mixes answers changes
    how sure they are, so that it has to be calibrated after mixing (Rahaman & Thiery 2021,
    "Uncertainty Quantification and Deep Ensembles"). It also keeps calibration from changing the
    class. Without mirroring, the softmax of log p / T is that of logits / T.

    Args:
        model: From "faces" uint8 [N, 48, 48, 1] to {"probabilities": float32 [N, 7],
            "mask": float32 [N, 1]}.
        mirrored: Whether to answer the mean of a face and its mirror image, at twice the cost.
        temperature: What logarithms of probabilities are divided by; 1 changes nothing.

    Returns:
        Model with the same input and outputs.
    """
    faces = keras.Input((FACE_SIZE, FACE_SIZE, 1), dtype="uint8", name="faces")
    if mirrored:
        # One pass over both views: the second half of the batch is the mirrored first.
        answers = model({"faces": keras.ops.concatenate([faces, faces[:, :, ::-1]], axis=0)})
        answers = {name: _mean_of_halves(values) for name, values in answers.items()}
    else:
        answers = model({"faces": faces})
    logarithms = keras.ops.log(keras.ops.maximum(answers["probabilities"], LEAST_PROBABILITY))
    outputs = {
        "probabilities": keras.ops.softmax(logarithms / temperature, axis=-1),
        "mask": answers["mask"],
    }
    return keras.Model({"faces": faces}, outputs, name=f"{model.name}_finished")


def _mean(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((one + other) / 2, np.float32)


def _mean_of_halves(values: keras.KerasTensor) -> keras.KerasTensor:
    halves = keras.ops.reshape(values, (2, -1, values.shape[-1]))
    return keras.ops.mean(halves, axis=0)
