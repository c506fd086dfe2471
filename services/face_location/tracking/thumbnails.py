"""Small pictures of frames, made of some of their pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def thumbnail(
    gray: NDArray[np.uint8], columns: int, rows: int, read_pixels: int
) -> NDArray[np.float32]:
    """Return the mean of each cell of a grid over a picture.

    Args:
        gray: uint8 H×W.
        columns: Cells across.
        rows: Cells down.
        read_pixels: Of a large picture, about so many pixels along a side of a cell are read.

    Returns:
        float32 rows×columns, of values 0 to 255.
    """
    fewest = min(gray.shape[0] // rows, gray.shape[1] // columns)
    step = max(1, fewest // read_pixels)
    small = cv2.resize(gray[::step, ::step], (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
