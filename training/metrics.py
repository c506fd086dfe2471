"""Numbers that say how good a classifier is, from its probabilities and the true labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from maskmesh.training.labels import CLASSES

ECE_BINS = 15


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
    occurs = (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0
    right = int((predicted == labels).sum())
    interval = binomtest(right, len(labels)).proportion_ci(0.95, method="wilson")
    one_against_rest = [
        float(((predicted == k) == (labels == k)).mean()) for k in range(len(CLASSES))
    ]
    return {
        "n": len(labels),
        "accuracy": right / len(labels),
        "accuracy_ci95": [interval.low, interval.high],
        "macro_f1": float(f1[occurs].mean()),
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


def expected_calibration_error(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], bins: int = ECE_BINS
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by their sizes.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(bin_of, right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))
