"""Which parts of a stream's picture need not be searched again: nothing has changed there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.face_location.regions import Cells
from maskmesh.services.face_location.tracking.thumbnails import thumbnail

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

    def to_search(
        self, gray: NDArray[np.uint8], known: FloatArray, small_faces: bool, everything: bool
    ) -> Cells:
        """Return the cells that need to be searched in this frame, and count them as searched.

        Args:
            gray: uint8 H×W.
            known: float64 N×4, x, y, side, side in pixels: faces that are looked after otherwise;
                what lies there is left out.
            small_faces: Whether the search is for small faces, too.
            everything: Whether to search what has not changed, too.

        Returns:
            uint8 rows×columns, a grid over the picture: 1 where to search, 0 where not.
        """
        now = _cells(gray)
        before = self._searched.get(small_faces)
        if everything or before is None or before.shape != now.shape:
            cells = np.ones(now.shape, np.uint8)
            self._searched = dict.fromkeys((False, True), np.full_like(now, np.inf))
        else:
            changed = (np.abs(now - before) >= MIN_CHANGE).astype(np.uint8)
            # Of a new face, some cells may look as what was there before.
            cells = np.asarray(cv2.dilate(changed, _AROUND), np.uint8)
        for rows, columns in _places(known, gray.shape, now.shape):
            cells[rows, columns] = 0
        for size in {False, small_faces}:
            self._searched[size] = np.where(cells, now, self._searched[size])
        return cells


def _cells(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows, columns = (max(1, round(CELLS * side / max(gray.shape))) for side in gray.shape)
    return thumbnail(gray, columns, rows, _READ_PIXELS)


def _places(
    squares: FloatArray, shape: tuple[int, ...], grid: tuple[int, ...]
) -> list[tuple[slice, slice]]:
    """Return the rows and columns of all cells that squares touch."""
    scale = np.array([grid[1] / shape[1], grid[0] / shape[0]])
    starts = np.clip(np.floor(squares[:, :2] * scale), 0, None).astype(int)
    ends = np.clip(np.ceil((squares[:, :2] + squares[:, 2:]) * scale), 0, None).astype(int)
    return [
        (slice(top, bottom), slice(left, right))
        for (left, top), (right, bottom) in zip(starts, ends, strict=True)
    ]
