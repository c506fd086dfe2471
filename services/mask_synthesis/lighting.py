"""Light on a face, read off its cheeks, so that the mask can be lit alike."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.overlay import Lighting

# Pairs of landmarks whose middles lie on the left and on the right cheek.
LEFT_CHEEK = ((2, 31), (3, 31), (3, 48), (4, 48), (1, 31))
RIGHT_CHEEK = ((14, 35), (13, 35), (13, 54), (12, 54), (15, 35))
# Gray value of a cheek under which a mask keeps its drawn brightness.
USUAL_CHEEK = 150.0
FOLLOWED = 0.55
MAX_SLOPE = 0.22
# White masks would lose their folds above it.
MAX_GAIN = 1.06


def to_gray(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luminance of an H×W gray or H×W×3 RGB uint8 picture, as H×W uint8."""
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def samples_at(gray: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Gray values (N,) at (N, 2) points x, y in pixels, bilinear, the border repeated."""
    rows, columns = gray.shape
    x = np.clip(points[:, 0], 0, columns - 1)
    y = np.clip(points[:, 1], 0, rows - 1)
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right, bottom = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    across, down = x - left, y - top
    upper = gray[top, left] * (1 - across) + gray[top, right] * across
    lower = gray[bottom, left] * (1 - across) + gray[bottom, right] * across
    return np.asarray(upper * (1 - down) + lower * down, dtype=np.float64)


def face_lighting(
    gray: NDArray[np.uint8], landmarks: NDArray[np.float32], jitter: float = 1.0
) -> Lighting:
    """Brightness factors for a mask on this face.

    Args:
        gray: H×W uint8.
        landmarks: (68, 2) x, y in pixels.
        jitter: Factor on both, for variety.

    Returns:
        Factors at the left and right ends of the mask; about 1 on an evenly and well lit face.
    """
    pairs = np.array(LEFT_CHEEK + RIGHT_CHEEK)
    cheeks = samples_at(gray, (landmarks[pairs[:, 0]] + landmarks[pairs[:, 1]]) / 2)
    left, right = float(np.median(cheeks[:5])), float(np.median(cheeks[5:]))
    level = 1.0 - FOLLOWED + FOLLOWED * np.clip((left + right) / 2 / USUAL_CHEEK, 0.2, 1.3)
    slope = float(np.clip((right - left) / max(left + right, 40.0), -MAX_SLOPE, MAX_SLOPE))
    ends = [min(level * jitter * factor, MAX_GAIN) for factor in (1 - slope, 1 + slope)]
    return Lighting(left=ends[0], right=ends[1])
