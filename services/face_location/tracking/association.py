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
HEAD_MARGIN = 0.25
"""How far a head reaches over the square of its face on each side, in sides."""
TOUCHING_COVER = 0.1
"""Share of the smaller of two heads from which on one may hide a part of the other's face."""


def overlaps(expected: FloatArray, found: FloatArray, reach: FloatArray) -> FloatArray:
    """Return how well the places of faces found fit those of faces expected.

    The squares are widened before they are compared (Yang et al., "Hard to track objects with
    irregular motions and similar appearances? Make it easier by buffering the matching space",
    WACV 2023), so that a face that jumped off its box can still be told from one far away.

    Args:
        expected: float64 N×4, squares.
        found: float64 M×4, squares.
        reach: float64 N: by how much to widen for each face expected, in sides.

    Returns:
        float64 N×M, intersection over union of the widened squares, 0 to 1; 0 if less than
        MIN_OVERLAP.
    """
    growth = 1.0 + 2.0 * reach[:, None]
    sides_expected, sides_found = expected[:, 2:3] * growth, found[None, :, 2] * growth
    middles_expected = expected[:, :2] + expected[:, 2:] / 2
    middles_found = found[:, :2] + found[:, 2:] / 2
    apart = np.abs(middles_expected[:, None] - middles_found[None])
    # Of two squares, what one side shares with the other's is half their sum less their distance,
    # but not more than the smaller side.
    smaller = np.minimum(sides_expected, sides_found)
    shared = (sides_expected + sides_found)[..., None] / 2 - apart
    area = np.prod(np.clip(shared, 0.0, smaller[..., None]), axis=2)
    worth = area / (sides_expected**2 + sides_found**2 - area)
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


def distinct(squares: FloatArray, known: int) -> list[int]:
    """Return which squares are of different faces, when the same face was found several times.

    Args:
        squares: float64 N×4, the most trusted first.
        known: How many at the beginning are of different faces for sure.

    Returns:
        Rows of squares, after the known ones.
    """
    if len(squares) == 1:
        return list(range(known, 1))
    same = (iou_matrix(squares, squares) > SAME_FACE_IOU) | (
        cover_matrix(squares, squares) > SAME_FACE_COVER
    )
    kept = list(range(known))
    for row in range(known, len(squares)):
        if not same[row, kept].any():
            kept.append(row)
    return kept[known:]


def touching(squares: FloatArray, others: FloatArray) -> NDArray[np.bool_]:
    """Tell which heads may lie partly behind others.

    Args:
        squares: float64 N×4, of faces.
        others: float64 M×4, of faces; the same face as one of squares hides no part of it.

    Returns:
        bool N.
    """
    itself = (squares[:, None] == others[None]).all(axis=2)
    shares = cover_matrix(_heads(squares), _heads(others))
    return np.asarray((np.where(itself, 0.0, shares) > TOUCHING_COVER).any(axis=1))


def _heads(squares: FloatArray) -> FloatArray:
    margins = squares[:, 2:] * HEAD_MARGIN
    return np.hstack([squares[:, :2] - margins, squares[:, 2:] + 2 * margins])
