"""Which parts of a stream's picture need not be searched again: nothing has changed there."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray

CELLS = 40
"""Cells along the longer side of the picture."""
MIN_CHANGE = 3.0
"""Gray levels by which the mean of a cell has to differ: beyond noise and flicker."""
_AROUND = np.ones((5, 5), np.uint8)
_READ_PIXELS = 8


class ChangeMap:
    """Remembers what each part of the picture looked like when it was last searched.

    What changes slowly is held against that, not against the frame before, so that it is noticed
    in the end.
    """

    def __init__(self) -> None:
        # Means of the cells at the last search for large faces, and for small ones.
        self._searched: dict[bool, NDArray[np.float32]] = {}

    def cover(
        self, gray: NDArray[np.uint8], known: FloatArray, small_faces: bool, everything: bool
    ) -> NDArray[np.uint8]:
        """Paint over what need not be searched in this frame, and count the rest as searched.

        What lies under known faces counts as not searched. Flat parts cost a cascade next to
        nothing.

        Args:
            gray: uint8 H×W.
            known: float64 N×4, x, y, side, side in pixels: faces that are looked after otherwise.
            small_faces: Whether the search is for small faces, too.
            everything: Whether to search what has not changed, too.

        Returns:
            uint8 H×W, a copy.
        """
        now = _cells(gray)
        before = self._searched.get(small_faces)
        if everything or before is None or before.shape != now.shape:
            open_cells = np.ones(now.shape, np.uint8)
            self._searched = dict.fromkeys((False, True), np.full_like(now, np.inf))
        else:
            changed = (np.abs(now - before) >= MIN_CHANGE).astype(np.uint8)
            # Of a new face, some cells may look as what was there before.
            open_cells = cv2.dilate(changed, _AROUND)
        covered = _shown(gray, open_cells, now)
        scale = now.shape[1] / gray.shape[1], now.shape[0] / gray.shape[0]
        for left, top, right, bottom in _corners(known, gray.shape):
            covered[top:bottom, left:right] = _filling(now)
            rows = slice(math.floor(top * scale[1]), math.ceil(bottom * scale[1]))
            columns = slice(math.floor(left * scale[0]), math.ceil(right * scale[0]))
            open_cells[rows, columns] = 0
        for size in {False, small_faces}:
            self._searched[size] = np.where(open_cells, now, self._searched[size])
        return covered


def _shown(
    gray: NDArray[np.uint8], open_cells: NDArray[np.uint8], cells: NDArray[np.float32]
) -> NDArray[np.uint8]:
    covered = np.full_like(gray, _filling(cells))
    size = gray.shape[1], gray.shape[0]
    cv2.copyTo(gray, cv2.resize(open_cells, size, interpolation=cv2.INTER_NEAREST), covered)
    return covered


def _filling(cells: NDArray[np.float32]) -> int:
    """Return the mean: it makes the faintest edges where covered parts end."""
    return round(float(cells.mean()))


def _cells(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the mean of each cell, of a large picture from some of its pixels."""
    longer = max(gray.shape)
    step = max(1, longer // (CELLS * _READ_PIXELS))
    size = tuple(max(1, round(CELLS * side / longer)) for side in gray.shape[::-1])
    small = cv2.resize(gray[::step, ::step], size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _corners(squares: FloatArray, shape: tuple[int, ...]) -> NDArray[np.int64]:
    corners = np.hstack([squares[:, :2], squares[:, :2] + squares[:, 2:]])
    limits = [shape[1], shape[0], shape[1], shape[0]]
    return np.asarray(np.clip(np.rint(corners), 0, limits), np.int64)
