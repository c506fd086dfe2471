"""Coordinates of a drawing: pixels ↔ places between the pivots ↔ angles around the head.

A mask is drawn as worn by a head that is a cylinder: the angle around it runs from the middle line
of the face (0) to the ears (about ±90°). A head turned by `turn` shows the angle `a` at the place
(1 + sin(turn + a)) / 2 between the left and the right pivots; so the far half of a mask on a turned
face is narrow, as it is in pictures, which a homography of a flat mask alone does not give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Single precision where it is many: a drawing is a few dozen formulas over every pixel.
Array = NDArray[np.floating[Any]]

# Usual height of the pivots' quadrilateral on a face, in shares of its width.
HEIGHT_TO_WIDTH = 0.72
# Beyond the pivots the head ends: what is drawn there lies at the ears.
EAR = 90.0


@dataclass(frozen=True, slots=True)
class Margins:
    """Canvas around the pivots, in shares of their distance across and down."""

    side: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Canvas:
    """A canvas for one drawing.

    Attributes:
        width: Pixels between the left and the right pivots.
        turn: Degrees by which the head is turned, positive to the right.
        margins: Canvas around the pivots.
    """

    width: int
    turn: float
    margins: Margins

    @property
    def height(self) -> float:
        """Pixels between the upper and the lower pivots."""
        return self.width * HEIGHT_TO_WIDTH

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the canvas."""
        rows = self.height * (1 + self.margins.top + self.margins.bottom)
        return round(rows), round(self.width * (1 + 2 * self.margins.side))

    def place(self, angles: Array) -> Array:
        """Places between the pivots (0 to 1) of angles around the head, hidden ones at the edge."""
        seen = np.clip(self.turn + angles, -EAR, EAR)
        return np.asarray((1.0 + np.sin(np.radians(seen))) / 2.0, dtype=np.float32)

    def pixels(self, across: Array, down: Array) -> NDArray[np.float32]:
        """Map places, 0 to 1 between the pivots each way, to x, y from the canvas's corner (N, 2).

        The result is in pixels, with edges, not centres, at whole numbers.
        """
        x = (across + self.margins.side) * self.width
        y = (down + self.margins.top) * self.height
        return np.stack(np.broadcast_arrays(x, y), axis=-1).astype(np.float32)

    def grid(self) -> tuple[Array, Array]:
        """Place across (1×W) and place down (H×1) of every pixel, 0 to 1 between the pivots."""
        rows, columns = self.shape
        across = (np.arange(columns, dtype=np.float32) + 0.5) / self.width - self.margins.side
        down = (np.arange(rows, dtype=np.float32) + 0.5) / self.height - self.margins.top
        return across[None, :], down[:, None]

    def angles(self, across: Array) -> Array:
        """Angles around the head, in degrees from the middle line, of places between the pivots."""
        seen = np.degrees(np.arcsin(np.clip(2.0 * across - 1.0, -1.0, 1.0)))
        return np.asarray(seen - self.turn, dtype=np.float32)

    def anchors(self) -> NDArray[np.float32]:
        """Where the pivots lie: top-left, top-right, bottom-right, bottom-left, (4, 2) x, y."""
        return self.pixels(np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0]))

    def middle(self) -> NDArray[np.float32]:
        """Where the middle line of the face meets the pivots' top and bottom edges, (2, 2) x, y."""
        return self.pixels(self.place(np.zeros(2)), np.array([0.0, 1.0]))
