"""Outlines of the mask styles, in angles around the head and heights between the pivots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Outline:
    """Outline of a mask: angles in degrees, heights in shares from top (0) to bottom (1) pivots.

    Attributes:
        half_angle: Angle around the head at which the mask ends on either side.
        drop: How far the top edge falls from the bridge of the nose to the sides.
        nose_width: Share of the half angle over which most of that fall happens.
        lift: How far the bottom edge rises from the chin to the sides.
        roundness: Exponent of that rise; small is pointed, large is square.
        pinch: How far the sides bend inwards, in degrees.
    """

    half_angle: float
    drop: float
    nose_width: float
    lift: float
    roundness: float
    pinch: float

    def top(self, share: Array) -> Array:
        """Height of the top edge at shares (-1 to 1) of the half angle."""
        fall = 1.0 - np.exp(-((np.abs(share) / self.nose_width) ** 2.0))
        return np.asarray(self.drop * fall)

    def bottom(self, share: Array) -> Array:
        """Height of the bottom edge at shares (-1 to 1) of the half angle."""
        return np.asarray(1.0 - self.lift * np.abs(share) ** self.roundness, dtype=share.dtype)


OUTLINES = {
    "surgical": Outline(66.0, 0.20, 0.34, 0.17, 3.0, 1.0),
    "cloth": Outline(64.0, 0.26, 0.46, 0.27, 3.2, 4.0),
}
