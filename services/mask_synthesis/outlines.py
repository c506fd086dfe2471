"""Outlines of the mask styles, in angles around the head and heights between the pivots.

Heights are shares of the way from the top pivots (0) to the bottom pivots (1). On most faces the
tip of the nose lies at 0.13, its base at 0.24, the lips from 0.36 to 0.56, the chin at 0.88, and
the jaw leaves the sides at 0.5 and is a fifth of the width inside at 0.8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maskmesh.services.mask_synthesis.canvas import Array, Canvas


@dataclass(frozen=True, slots=True)
class Outline:
    """Outline of a mask: angles in degrees, heights in shares from top (0) to bottom (1) pivots.

    Attributes:
        half_angle: Angle around the head at which the mask ends on either side.
        drop: How far the top edge falls from the bridge of the nose to the sides.
        nose_width: Share of the half angle over which most of that fall happens.
        bottom_edge: Height of the bottom edge in the middle.
        lift: How far the bottom edge rises from the middle to the sides.
        roundness: Exponent of that rise; small is pointed, large is square.
        pinch: How far the sides bend inwards, in degrees.
        overhang: How far fabric that goes around the head stands out over it, in shares of the
            distance between the pivots.
        rounding: Radius, in the same unit, by which corners are rounded.
    """

    half_angle: float
    drop: float
    nose_width: float
    bottom_edge: float
    lift: float
    roundness: float
    pinch: float = 0.0
    overhang: float = 0.0
    rounding: float = 0.012

    def top(self, share: Array) -> Array:
        """Height of the top edge at shares (-1 to 1) of the half angle."""
        fall = 1.0 - np.exp(-((np.abs(share) / self.nose_width) ** 2.0))
        return np.asarray(self.drop * fall)

    def bottom(self, share: Array) -> Array:
        """Height of the bottom edge at shares (-1 to 1) of the half angle."""
        rise = self.lift * np.abs(share) ** self.roundness
        return np.asarray(self.bottom_edge - rise, dtype=share.dtype)

    def polygon(self, canvas: Canvas) -> Array:
        """Corners of the outline on a canvas, (N, 2) x, y in pixels."""
        shares = np.linspace(-1.0, 1.0, 81)
        down_the_side = np.linspace(0.0, 1.0, 21)[1:-1]
        ends = np.array([1.0])
        side = self.top(ends) + (self.bottom(ends) - self.top(ends)) * down_the_side
        bend = self.half_angle - self.pinch * np.sin(np.pi * down_the_side)
        angles = np.concatenate([shares * self.half_angle, bend, -shares * self.half_angle, -bend])
        heights = np.concatenate(
            [self.top(shares), side, self.bottom(shares[::-1]), side[::-1]], dtype=np.float64
        )
        standing_out = self.overhang * np.sign(angles) * (np.abs(angles) / self.half_angle) ** 3
        return canvas.pixels(canvas.place(angles) + standing_out, heights)


OUTLINES = {
    "surgical": Outline(67.0, 0.14, 0.48, 1.0, 0.34, 2.6, pinch=2.0),
    "cloth": Outline(63.0, 0.19, 0.52, 1.0, 0.41, 2.5, pinch=5.0, rounding=0.016),
    "n95": Outline(58.0, 0.19, 0.56, 0.98, 0.35, 2.7, rounding=0.022),
    "kn95": Outline(60.0, 0.24, 0.62, 1.02, 0.44, 2.0, pinch=3.0),
    "bandana": Outline(90.0, 0.07, 0.40, 1.46, 0.92, 1.25, overhang=0.012, rounding=0.022),
    "gaiter": Outline(
        90.0, 0.13, 0.46, 1.48, 0.26, 2.4, pinch=18.0, overhang=0.012, rounding=0.032
    ),
    "clear": Outline(66.0, 0.14, 0.48, 1.0, 0.35, 2.5, pinch=2.0),
}
