"""Light on the masks: their bulge, the sheen and the grain of their fabric, hems at its edges."""

from __future__ import annotations

from functools import cache

import numpy as np

from maskmesh.services.mask_synthesis.canvas import Array
from maskmesh.services.mask_synthesis.surface import Surface, bump

# Gray levels of light without colour that fabric sends back, per unit of light over the threshold:
# on a dark fabric it is what is seen of the folds.
SHEEN = 60.0
SHEEN_FROM = 0.70
GRAIN = 0.014
GRAIN_SIDE = 96
STITCHES = 46.0


def bulge(surface: Surface, around: float = 0.26, below: float = 0.24) -> Array:
    """Light from above and the front on a bulging surface, about 1 where it is brightest.

    Args:
        surface: The mask's surface.
        around: How much darker its sides are.
        below: How much darker its lower edge is, which faces down.
    """
    sides = 1.01 - around * surface.side**2.3
    low = np.clip(surface.height - 0.5, 0.0, 1.0)
    return np.asarray(sides - below * 2.8 * low * np.sqrt(low), dtype=np.float32)


def nose_tent(surface: Surface, depth: float) -> Array:
    """Fabric stretched over the nose: its ridge is light, the valleys beside it are dark."""
    fading = np.clip(1.0 - surface.down / 0.42, 0.0, 1.0)
    ridge = 0.5 * bump(surface.share, 0.0, 0.13) - bump(surface.side, 0.33, 0.17)
    return np.asarray(depth * ridge * fading, dtype=np.float32)


def hem(surface: Surface, width: float, depth: float = 0.10, stitched: bool = True) -> Array:
    """A hem along all edges: a line of shadow, or of stitches, `width` from them."""
    ends = 0.9 * (1.0 - surface.side)
    upright = np.minimum(surface.height, 1.0 - surface.height) * surface.length
    inset = np.minimum(upright, ends)
    line = bump(inset, width, 0.010)
    edge = 0.06 * bump(inset, 0.012, 0.012)
    if not stitched:
        return np.asarray(edge - depth * line)
    along = np.where(upright < ends, surface.share, surface.height * 0.6)
    stitch = np.sin(along * STITCHES * np.pi) > 0
    dashes = stitch.astype(np.float32) + 0.4
    return np.asarray(edge - depth * line * dashes)


def sheen(light: Array) -> Array:
    """Gray levels, 0 to 255, of light without colour on fabric that is lit so."""
    return np.asarray(SHEEN * np.clip(light - SHEEN_FROM, 0.0, 0.6), dtype=np.float32)


def grain(shape: tuple[int, int]) -> Array:
    """Unevenness of fabric, around 0, for a drawing of H×W; the same whenever it is asked for."""
    tile = _grain_tile()
    repeats = (-(-shape[0] // GRAIN_SIDE), -(-shape[1] // GRAIN_SIDE))
    return np.asarray(np.tile(tile, repeats)[: shape[0], : shape[1]])


@cache
def _grain_tile() -> Array:
    noise = np.random.default_rng(1).standard_normal((GRAIN_SIDE, GRAIN_SIDE))
    return (GRAIN * noise).astype(np.float32)
