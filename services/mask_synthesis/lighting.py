"""Light on a face, read off its cheeks, so that the mask can be lit alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.geometry import interocular_distance
from maskmesh.services.mask_synthesis.overlay import Lighting

# Pairs of landmarks whose middles lie on the left and on the right cheek.
LEFT_CHEEK = ((2, 31), (3, 31), (3, 48), (4, 48), (1, 31))
RIGHT_CHEEK = ((14, 35), (13, 35), (13, 54), (12, 54), (15, 35))
# Gray value of a cheek under which a mask keeps its drawn brightness.
USUAL_CHEEK = 150.0
# Share of a difference in brightness that the mask follows.
FOLLOWED = 0.55
CHEEK_RADIUS = 0.06
MAX_SLOPE = 0.22
# White masks would lose their folds above it.
MAX_GAIN = 1.06
LUMA = np.array([0.299, 0.587, 0.114])
CROSS = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]], dtype=np.float32)


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
    around = points[:, None, :] + CROSS * radius
    x = np.clip(np.rint(around[..., 0]), 0, columns - 1).astype(np.intp)
    y = np.clip(np.rint(around[..., 1]), 0, rows - 1).astype(np.intp)
    values = image[y, x] if image.ndim == 2 else image[y, x] @ LUMA
    return np.asarray(values.mean(axis=1), dtype=np.float64)


def face_lighting(
    image: NDArray[np.uint8], landmarks: NDArray[np.float32], jitter: float = 1.0
) -> Lighting:
    """Brightness factors for a mask on this face.

    Args:
        image: uint8, H×W gray or H×W×3 RGB.
        landmarks: (68, 2) x, y in pixels.
        jitter: Factor on both, for variety.

    Returns:
        Factors at the left and right ends of the mask; about 1 on an evenly and well lit face.
    """
    pairs = np.array(LEFT_CHEEK + RIGHT_CHEEK)
    places = (landmarks[pairs[:, 0]] + landmarks[pairs[:, 1]]) / 2
    cheeks = gray_around(image, places, CHEEK_RADIUS * interocular_distance(landmarks))
    left, right = float(np.median(cheeks[:5])), float(np.median(cheeks[5:]))
    level = 1.0 - FOLLOWED + FOLLOWED * np.clip((left + right) / 2 / USUAL_CHEEK, 0.2, 1.3)
    slope = float(np.clip((right - left) / max(left + right, 40.0), -MAX_SLOPE, MAX_SLOPE))
    ends = [min(level * jitter * factor, MAX_GAIN) for factor in (1 - slope, 1 + slope)]
    return Lighting(left=ends[0], right=ends[1])
