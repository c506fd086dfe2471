"""Which of the faces found is which of the faces expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from maskmesh.services.face_location.boxes import FloatArray, cover_matrix, iou_matrix

MIN_OVERLAP = 0.05
LOOKS_COUNT = 0.6
"""What looks count against places, 0 to 1."""
SAME_FACE_IOU = 0.4
SAME_FACE_COVER = 0.7
TOUCHING_COVER = 0.15
"""Share of the smaller of two boxes from which on one face may hide a part of the other."""


def widened(boxes: FloatArray, reach: NDArray[np.float64]) -> FloatArray:
    """Return boxes that reach further on each side.

    Args:
        boxes: float64 N×4.
        reach: float64, N or one, in sides of the box.
    """
    margins = boxes[:, 2:] * np.reshape(reach, (-1, 1))
    return np.hstack([boxes[:, :2] - margins, boxes[:, 2:] + 2 * margins])


def overlaps(expected: FloatArray, found: FloatArray, reach: FloatArray) -> FloatArray:
    """Return how well the places of faces found fit those of faces expected.

    The boxes are widened before they are compared (Yang et al., "Hard to track objects with
    irregular motions and similar appearances? Make it easier by buffering the matching space",
    WACV 2023), so that a face that jumped off its box can still be told from one far away.

    Args:
        expected: float64 N×4.
        found: float64 M×4.
        reach: float64 N: by how much to widen for each face expected, in sides.

    Returns:
        float64 N×M, intersection over union of the widened boxes, 0 to 1; 0 if less than
        MIN_OVERLAP.
    """
    if not len(expected) or not len(found):
        return np.zeros((len(expected), len(found)))
    rows = [
        iou_matrix(widened(expected[i : i + 1], reach[i]), widened(found, reach[i]))
        for i in range(len(expected))
    ]
    worth = np.vstack(rows)
    return np.where(worth >= MIN_OVERLAP, worth, 0.0)


def assign(places: FloatArray, looks: FloatArray, min_looks: FloatArray) -> list[tuple[int, int]]:
    """Match faces expected and found so that their summed fit is best.

    Kuhn, "The Hungarian method for the assignment problem", 1955, as in SORT; looks are added to
    places as in DeepSORT (Wojke et al., "Simple online and realtime tracking with a deep
    association metric", ICIP 2017, section 2.2), both as a cost and as a gate.

    Args:
        places: float64 N×M, how well places fit, 0 to 1; 0 may not be matched.
        looks: float64 N×M, how alike the faces are, -1 to 1.
        min_looks: float64 N: the least likeness with which each may be matched.

    Returns:
        Pairs of a row and a column, each at most once.
    """
    fit = (1 - LOOKS_COUNT) * places + LOOKS_COUNT * np.clip(looks, 0.0, 1.0)
    allowed = (places > 0) & (looks >= min_looks[:, None])
    # What may not be matched is worth nothing, so that it never displaces a match that may.
    worth = np.where(allowed, fit, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if allowed[row, column]
    ]


def same_face(first: FloatArray, second: FloatArray) -> NDArray[np.bool_]:
    """Tell which boxes of two sets, float64 N×4 and M×4, are of the same face: bool N×M."""
    same = (iou_matrix(first, second) > SAME_FACE_IOU) | (
        cover_matrix(first, second) > SAME_FACE_COVER
    )
    return np.asarray(same)


def touching(boxes: FloatArray, others: FloatArray) -> NDArray[np.bool_]:
    """Tell which of the boxes, float64 N×4, lie partly under others, float64 M×4: bool N.

    A box does not lie under itself, even if it is among the others.
    """
    itself = (boxes[:, None] == others[None]).all(axis=2)
    shares = np.where(itself, 0.0, cover_matrix(boxes, others))
    return np.asarray((shares > TOUCHING_COVER).any(axis=1))
