"""Patterns printed on the fabric: which share of the second colour each place has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

PLAIN = "plain"
# Lengths in shares of the distance between the left and the right pivots.
STRIPE = 0.075
DOT_SPACING = 0.095
DOT_RADIUS = 0.024
CHECK = 0.095
FLOWER_SPACING = 0.17
FLOWER_RADIUS = 0.062
LEAF_RADIUS = 0.020
PETALS = 5
BLOTCH = 0.19


def pattern_share(pattern: str, across: Array, down: Array, pixel: float) -> Array:
    """Share of the second colour at every place of a fabric.

    Args:
        pattern: One of MASK_PATTERNS.
        across: Broadcastable to H×W, way around the head from the middle line, to the right
            positive, in shares of the distance between the left and the right pivots.
        down: Broadcastable to H×W, way from the top pivots, in the same unit.
        pixel: Size of a pixel in that unit; edges are as soft.

    Returns:
        H×W, 0 first colour to 1 second colour.
    """
    shares = _PATTERNS[pattern](across.astype(np.float32), down.astype(np.float32), pixel)
    return np.asarray(np.broadcast_to(shares, np.broadcast_shapes(across.shape, down.shape)))


def _inside(distance: Array, pixel: float) -> Array:
    """1 where a signed distance to an edge is positive, 0 beyond it, soft over a pixel."""
    return np.asarray(np.clip(distance / pixel + 0.5, 0.0, 1.0))


def _from_grid(places: Array, spacing: float) -> Array:
    """Distance from the nearest multiple of `spacing`, signed."""
    return np.asarray(places - spacing * np.round(places / spacing))


def _plain(across: Array, down: Array, pixel: float) -> Array:  # noqa: ARG001
    return np.zeros((1, 1), dtype=np.float32)


def _stripes(across: Array, down: Array, pixel: float) -> Array:
    # They sag a little, as the fabric does between the ears.
    sagging = down - 0.10 * np.cos(np.clip(across * 2.6, -1.5, 1.5))
    return _inside(STRIPE / 4 - np.abs(_from_grid(sagging, STRIPE)), pixel)


def _dots(across: Array, down: Array, pixel: float) -> Array:
    half = DOT_SPACING / 2
    near = np.hypot(_from_grid(across, DOT_SPACING), _from_grid(down, DOT_SPACING))
    staggered = np.hypot(
        _from_grid(across + half, DOT_SPACING), _from_grid(down + half, DOT_SPACING)
    )
    return _inside(DOT_RADIUS - np.minimum(near, staggered), pixel)


def _checks(across: Array, down: Array, pixel: float) -> Array:
    """Gingham: where two bands of the second colour cross it is full, else half."""
    bands = [_inside(CHECK / 4 - np.abs(_from_grid(way, CHECK)), pixel) for way in (across, down)]
    return np.asarray((bands[0] + bands[1]) / 2)


def _floral(across: Array, down: Array, pixel: float) -> Array:
    column, row = np.round(across / FLOWER_SPACING), np.round(down / FLOWER_SPACING)
    # No two neighbours alike: each flower is moved and turned by its place.
    shift_x, shift_y = 0.016 * np.sin(7 * row + 3 * column), 0.016 * np.sin(5 * column + row)
    x = across - FLOWER_SPACING * column - shift_x
    y = down - FLOWER_SPACING * row - shift_y
    radius, angle = np.hypot(x, y), np.arctan2(y, x) + 2.1 * row + 1.3 * column
    petals = FLOWER_RADIUS * (0.68 + 0.32 * np.cos(PETALS * angle))
    flowers = _inside(petals - radius, pixel) - _inside(0.28 * FLOWER_RADIUS - radius, pixel)
    half = FLOWER_SPACING / 2
    leaf_x, leaf_y = (_from_grid(way + half, FLOWER_SPACING) for way in (across, down))
    leaf = np.hypot(0.55 * (leaf_x + leaf_y), 1.25 * (leaf_x - leaf_y))
    return np.asarray(np.maximum(flowers, 0.6 * _inside(LEAF_RADIUS - leaf, pixel)))


def _camouflage(across: Array, down: Array, pixel: float) -> Array:
    x, y = across / BLOTCH, down / BLOTCH
    waves = [
        np.sin(4.1 * x + 2.3 * y + 1.7 * np.sin(3.1 * y)),
        np.sin(-2.9 * x + 5.3 * y + 1.9 * np.sin(2.3 * x + 1.0)),
        0.7 * np.sin(7.3 * x - 6.1 * y + 1.3 * np.sin(5.0 * x)),
    ]
    field = (waves[0] + waves[1] + waves[2]) * BLOTCH / 6
    return np.asarray(0.55 * _inside(field, pixel) + 0.45 * _inside(field - 0.035, pixel))


_PATTERNS: dict[str, Callable[[Array, Array, float], Array]] = {
    PLAIN: _plain,
    "stripes": _stripes,
    "dots": _dots,
    "checks": _checks,
    "floral": _floral,
    "camouflage": _camouflage,
}
MASK_PATTERNS: tuple[str, ...] = tuple(_PATTERNS)
