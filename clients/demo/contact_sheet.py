"""One picture that shows a clip: some of its frames in a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.streaming.palette import INK, PAPER
from maskmesh.clients.streaming.text import draw_text
from maskmesh.clients.streaming.video_sink import fit_into
from maskmesh.services.runtime.pictures import encode_png

COLUMNS = 4
TILE = (480, 360)
CAPTION = 24
GAP = 8


class ContactSheet:
    """Keeps evenly spread frames of a clip as they come by."""

    def __init__(self, frames: int, tiles: int = 12) -> None:
        """Choose the frames.

        Args:
            frames: How many frames the clip has.
            tiles: How many of them are shown.
        """
        # Late in each stretch: just after a cut, smoothed labels still follow.
        self._chosen = {int((i + 0.9) * frames / tiles) for i in range(tiles)}
        self._tiles: list[NDArray[np.uint8]] = []

    def add(self, index: int, time_s: float, bgr: NDArray[np.uint8]) -> None:
        """Take a frame, uint8 H×W×3, if it is one of the chosen ones."""
        if index in self._chosen:
            self._tiles.append(_tile(bgr, f"{time_s:.2f} s, frame {index}"))

    def write(self, path: Path) -> None:
        """Write the sheet as PNG."""
        path.write_bytes(encode_png(np.ascontiguousarray(grid(self._tiles)[:, :, ::-1])))


def grid(tiles: Sequence[NDArray[np.uint8]], columns: int = COLUMNS) -> NDArray[np.uint8]:
    """Lay tiles of one size out in rows.

    Args:
        tiles: uint8 H×W×3 each, of the same size.
        columns: How many stand in a row.
    """
    if not tiles:
        return np.full((CAPTION, TILE[0], 3), INK, dtype=np.uint8)
    height, width = tiles[0].shape[:2]
    rows = math.ceil(len(tiles) / columns)
    size = (rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3)
    sheet = np.full(size, INK, dtype=np.uint8)
    for number, tile in enumerate(tiles):
        top = GAP + number // columns * (height + GAP)
        left = GAP + number % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _tile(bgr: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
    picture = fit_into(bgr, TILE)
    tile = cv2.copyMakeBorder(picture, 0, CAPTION, 0, 0, cv2.BORDER_CONSTANT, value=INK)
    draw_text(tile, caption, (4, TILE[1] + 3), 15, PAPER)
    return np.asarray(tile, dtype=np.uint8)
