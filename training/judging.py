"""Judges a network after every epoch on validation faces, masked and unmasked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, recall_score

from maskmesh.training.labels import CLASSES

LEAST = 1e-7


@dataclass(frozen=True, slots=True)
class ValidationFaces:
    """Faces that are judged after every epoch.

    Attributes:
        plain: uint8 [N, 48, 48], without masks.
        masked: uint8 [N, 48, 48], the same faces with one synthetic mask each.
        worn: bool [N], whether the masked version really wears a mask.
        labels: int64 [N].
    """

    plain: NDArray[np.uint8]
    masked: NDArray[np.uint8]
    worn: NDArray[np.bool_]
    labels: NDArray[np.int64]


class Validation(keras.callbacks.Callback):
    """Adds to an epoch's logs what the network is worth on the validation faces.

    `val_probabilities_*` and `val_mask_*` are of masked faces, `val_unmasked_*` of the unmasked;
    `val_loss` is the masked faces' cross-entropy.
    """

    def __init__(self, faces: ValidationFaces, batch: int) -> None:
        super().__init__()
        self._faces = faces
        self._batch = batch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Classify all faces twice, and log."""
        if logs is None:
            return
        masked = self._answers(self._faces.masked)
        unmasked = self._answers(self._faces.plain)
        logs |= {
            "val_loss": _cross_entropy(masked["probabilities"], self._faces.labels),
            **{
                f"val_probabilities_{name}": value
                for name, value in judged(masked["probabilities"], self._faces.labels).items()
            },
            "val_mask_accuracy": _mask_accuracy(masked["mask"], self._faces.worn),
            **{
                f"val_unmasked_{name}": value
                for name, value in judged(unmasked["probabilities"], self._faces.labels).items()
            },
            "val_unmasked_mask_accuracy": _mask_accuracy(
                unmasked["mask"], np.zeros_like(self._faces.worn)
            ),
        }

    def _answers(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        answers: dict[str, NDArray[np.float32]] = self.model.predict(
            {"faces": images[..., None]}, batch_size=self._batch, verbose=0
        )
        return answers


def judged(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Return accuracy, cross-entropy, macro F1 and the recall of disgust, the rarest class."""
    predicted = probabilities.argmax(axis=1)
    disgust = CLASSES.index("disgust")
    return {
        "accuracy": float((predicted == labels).mean()),
        "loss": _cross_entropy(probabilities, labels),
        "macro_f1": float(f1_score(labels, predicted, average="macro", zero_division=0.0)),
        "disgust_recall": float(
            recall_score(labels, predicted, labels=[disgust], average="macro", zero_division=0.0)
        ),
    }


def _cross_entropy(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(own, LEAST)).mean())


def _mask_accuracy(mask: NDArray[np.float32], worn: NDArray[np.bool_]) -> float:
    return float(((mask[:, 0] >= 0.5) == worn).mean())
