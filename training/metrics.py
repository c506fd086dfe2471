"""Numbers that say how good a classifier is, from its probabilities and the true labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from maskmesh.training.evaluation.intervals import wilson_interval
from maskmesh.training.labels import CLASSES

ECE_BINS = 15


@dataclass(frozen=True, slots=True)
class Reliability:
    """Confidence and accuracy of the faces in bins of equal width of the confidence, 0 to 1.

    Attributes:
        faces: int64 [bins], how many.
        confidence: float64 [bins], their mean highest probability; not a number in an empty bin.
        accuracy: float64 [bins], the share of right answers; not a number in an empty bin.
    """

    faces: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def ece(self) -> float:
        """Mean gap between confidence and accuracy, weighted by the sizes of the bins."""
        filled = self.faces > 0
        gaps = np.abs(self.accuracy[filled] - self.confidence[filled])
        return float(gaps @ self.faces[filled] / self.faces.sum())


def classification_report(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64]
) -> dict[str, Any]:
    """Judge probabilities [N, 7] against labels [N].

    Returns:
        n; accuracy and its 95 % Wilson interval; macro_f1, the mean over the classes that occur;
        per_class with precision, recall, f1, support and accuracy (one class against the rest: the
        share of all faces that are rightly given or rightly denied the class); confusion [7][7]
        with the true class by row; ece, the expected calibration error.
    """
    predicted = probabilities.argmax(axis=1)
    confusion = confusion_matrix(labels, predicted, labels=range(len(CLASSES)))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=range(len(CLASSES)), zero_division=0.0
    )
    right = int((predicted == labels).sum())
    one_against_rest = [
        float(((predicted == k) == (labels == k)).mean()) for k in range(len(CLASSES))
    ]
    return {
        "n": len(labels),
        "accuracy": right / len(labels),
        "accuracy_ci95": wilson_interval(right, len(labels)),
        "macro_f1": macro_f1(predicted, labels),
        "per_class": {
            name: {
                "precision": float(precision[k]),
                "recall": float(recall[k]),
                "accuracy": one_against_rest[k],
                "f1": float(f1[k]),
                "support": int(support[k]),
            }
            for k, name in enumerate(CLASSES)
        },
        "confusion": confusion.tolist(),
        "ece": expected_calibration_error(probabilities, labels),
    }


def macro_f1(predicted: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    """Return the mean F1 over the classes that occur among labels or predictions, both [N]."""
    right = np.bincount(labels[predicted == labels], minlength=len(CLASSES))
    true = np.bincount(labels, minlength=len(CLASSES))
    given = np.bincount(predicted, minlength=len(CLASSES))
    occurs = (true + given) > 0
    return float((2 * right[occurs] / (true + given)[occurs]).mean())


def reliability(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], bins: int = ECE_BINS
) -> Reliability:
    """Sort the faces into bins by the highest of their probabilities.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equations 1 and 2; bin m
    of M holds the confidences in ((m - 1) / M, m / M].
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    return reliability_of(confidence, right, bins)


def reliability_of(
    confidence: NDArray[np.float64], right: NDArray[np.float64], bins: int = ECE_BINS
) -> Reliability:
    """Sort answers into bins by their confidence, float64 [N]; `right` [N] is 1 or 0."""
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    faces = np.bincount(bin_of, minlength=bins)
    sums = [np.bincount(bin_of, values, minlength=bins) for values in (confidence, right)]
    means = [np.divide(total, faces, out=np.full(bins, np.nan), where=faces > 0) for total in sums]
    return Reliability(faces, means[0], means[1])


def expected_calibration_error(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], bins: int = ECE_BINS
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by their sizes.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    return reliability(probabilities, labels, bins).ece
