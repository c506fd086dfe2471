"""Arithmetic of boxes, all as x, y, width, height in pixels, x to the right and y downwards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
FloatArray = NDArray[np.float64]


def iou_matrix(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return intersection over union of every box of one set with every box of another.

    Args:
        first: float64 N×4.
        second: float64 M×4.

    Returns:
        float64 N×M, 0 (apart) to 1 (the same box). A box without area overlaps nothing.
    """
    shared, areas_first, areas_second = _intersections(first, second)
    return _ratio(shared, areas_first[:, None] + areas_second[None, :] - shared)


def cover_matrix(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return how much of the smaller box of each pair lies in the larger one.

    Args:
        first: float64 N×4.
        second: float64 M×4.

    Returns:
        float64 N×M, 0 (apart) to 1 (one wholly inside the other).
    """
    shared, areas_first, areas_second = _intersections(first, second)
    return _ratio(shared, np.minimum(areas_first[:, None], areas_second[None, :]))


def grow_boxes(boxes: FloatArray, factor: float) -> FloatArray:
    """Scale boxes, float64 N×4, about their middles by a factor above 0."""
    grown = boxes * [1, 1, factor, factor]
    grown[:, :2] -= boxes[:, 2:] * (factor - 1) / 2
    return grown


def clip_box(box: FloatArray, width: int, height: int) -> Box | None:
    """Round a box to whole pixels and cut off what lies outside the picture.

    Args:
        box: float64, 4 values.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.

    Returns:
        The part inside the picture, or None where nothing of it is inside.
    """
    left, top = np.rint(box[:2])
    right, bottom = np.rint(box[:2] + box[2:])
    x, y = max(0, int(left)), max(0, int(top))
    clipped_width, clipped_height = min(width, int(right)) - x, min(height, int(bottom)) - y
    if clipped_width < 1 or clipped_height < 1:
        return None
    return x, y, clipped_width, clipped_height


def _intersections(
    first: FloatArray, second: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    ends_first, ends_second = first[:, :2] + first[:, 2:], second[:, :2] + second[:, 2:]
    starts = np.maximum(first[:, None, :2], second[None, :, :2])
    ends = np.minimum(ends_first[:, None], ends_second[None, :])
    sides = np.clip(ends - starts, 0.0, None)
    return sides[..., 0] * sides[..., 1], first[:, 2] * first[:, 3], second[:, 2] * second[:, 3]


def _ratio(shared: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
