"""From pictures of faces of any size to the one size that the model takes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def scale_face(gray: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Scale one gray face to side × side pixels.

    Shrinking averages over areas, so that no detail aliases; enlarging is bilinear.

    Args:
        gray: uint8 array H×W, 0 (black) to 255 (white).
        side: Side of the model's input in pixels.

    Returns:
        uint8 array side×side.
    """
    if gray.shape == (side, side):
        return gray
    shrinks = min(gray.shape) > side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, (side, side), interpolation=method), dtype=np.uint8)
