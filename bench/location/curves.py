"""Precision and recall over the threshold of a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray


@dataclass(frozen=True, slots=True)
class Curve:
    """One point for each score that occurs, highest first.

    Attributes:
        thresholds: float64 K, falling; boxes with this score or a higher one are kept.
        recall: float64 K, share of the faces that were found, 0 to 1.
        precision: float64 K, share of the boxes that found a face, 0 to 1.
        faces: How many faces there are.
    """

    thresholds: FloatArray
    recall: FloatArray
    precision: FloatArray
    faces: int


def precision_recall(scores: FloatArray, hits: NDArray[np.bool_], faces: int) -> Curve:
    """Return the curve of boxes, each with a score and whether it found a face.

    Args:
        scores: float64 N.
        hits: bool N; duplicates, loosely placed and false boxes are False alike.
        faces: How many faces there are to find.
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    # Boxes of equal score are kept or dropped together: a point only after the last of them.
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)[: len(falling)]
    found = np.cumsum(hits[order])[last]
    recall = found / faces if faces else np.zeros(len(last))
    return Curve(falling[last], recall, found / (last + 1.0), faces)


def average_precision(curve: Curve) -> float:
    """Return the area under the curve, 0 to 1; NaN where there are no faces.

    At each recall the best precision at that recall or a higher one counts, over all points, as
    in Pascal VOC from 2010 on (Everingham et al., 2015, section 3.3.1).
    """
    if not curve.faces:
        return float("nan")
    steps = np.diff(np.concatenate([[0.0], curve.recall]))
    envelope = np.maximum.accumulate(curve.precision[::-1])[::-1]
    return float((steps * envelope).sum())
