"""Gray values at places of a face that its landmarks tell, all read at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LUMA = np.array([0.299, 0.587, 0.114])
CROSS = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]], dtype=np.float32)

Pairs = NDArray[np.intp]
"""(N, 2) numbers of landmarks; each pair names the place in the middle between the two."""


def places_between(landmarks: NDArray[np.float32], pairs: Pairs) -> NDArray[np.float32]:
    """Middles (N, 2) of pairs of landmarks, x, y in pixels."""
    return (landmarks[pairs[:, 0]] + landmarks[pairs[:, 1]]) * np.float32(0.5)


def gray_around(
    image: NDArray[np.uint8], points: NDArray[np.float32], radius: float
) -> NDArray[np.float64]:
    """Mean gray values at points and at four places `radius` pixels away from each.

    Args:
        image: uint8, H×W gray or H×W×3 RGB.
        points: (N, 2) x, y in pixels; outside of the picture its border counts.
        radius: Pixels, 0 or more.

    Returns:
        (N,) float64, 0 to 255, luma of RGB by ITU-R BT.601.
    """
    rows, columns = image.shape[:2]
    around = points[:, None, :] + CROSS * np.float32(radius)
    limits = np.array([columns - 1, rows - 1], dtype=np.float32)
    inside = np.minimum(np.maximum(np.rint(around), 0), limits).astype(np.intp)
    values = image[inside[..., 1], inside[..., 0]]
    if image.ndim == 3:
        values = values @ LUMA
    return np.asarray(values.sum(axis=1) * 0.2, dtype=np.float64)
