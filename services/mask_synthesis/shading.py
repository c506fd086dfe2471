"""Shading of the masks' fabric: curvature, pleats, seams, stitched edges, as formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

# Heights of the surgical mask's pleats at its sides, 0 top pivots to 1 bottom pivots.
PLEATS = (0.38, 0.53, 0.68)
STITCHES = 46.0


def fabric_shade(style: str, share: Array, height: Array, down: Array) -> Array:
    """Brightness factor of every pixel of a mask's fabric.

    Args:
        style: "surgical" or "cloth".
        share: H×W, -1 left end to 1 right end of the mask, measured around the head.
        height: H×W, 0 top edge to 1 bottom edge of the mask.
        down: H×W, 0 top pivots to 1 bottom pivots.

    Returns:
        H×W; 1 leaves the base colour, smaller is darker.
    """
    surgical = style == "surgical"
    folds = _surgical_folds(share, height, down) if surgical else _cloth_folds(share, height)
    return np.asarray(_curvature(share, height) + folds)


def _curvature(share: Array, height: Array) -> Array:
    """Light from above and the front on a bulging surface."""
    around = 0.24 * np.abs(share) ** 2.2
    below = 0.20 * np.clip(height - 0.45, 0.0, 1.0) ** 1.5
    return np.asarray(1.02 - around - below)


def _surgical_folds(share: Array, height: Array, down: Array) -> Array:
    folds = np.zeros_like(height)
    for pleat in PLEATS:
        # Pleats hang through in the middle and are gathered at the sides.
        under = down - (pleat + 0.045 * np.cos(np.clip(share, -1, 1) * np.pi / 2))
        folds -= 0.22 * np.exp(-np.clip(under, 0, None) / 0.035) * (under >= 0)
        folds += 0.05 * np.exp(-(((under + 0.03) / 0.02) ** 2))
    wire = np.exp(-(((height - 0.07) / 0.012) ** 2))
    return np.asarray(folds - 0.12 * wire + _edge_band(share, height, 0.05))


def _cloth_folds(share: Array, height: Array) -> Array:
    seam = -0.20 * np.exp(-((share / 0.014) ** 2)) + 0.05 * np.exp(-(((share - 0.05) / 0.03) ** 2))
    cup = 0.07 * np.exp(-((share / 0.45) ** 2) - ((height - 0.38) / 0.30) ** 2)
    pulls = 0.0
    for start, slope in ((0.30, 0.20), (0.62, -0.22)):
        ridge = height - (start + slope * (1.0 - np.abs(share)))
        pulls = pulls - 0.09 * np.exp(-((ridge / 0.04) ** 2)) * np.clip(np.abs(share), 0, 1) ** 2
    return np.asarray(seam + cup + pulls + _edge_band(share, height, 0.06))


def _edge_band(share: Array, height: Array, width: float) -> Array:
    """A hem: a shadow line and a row of stitches at `width` from the edges."""
    inset = np.minimum(np.minimum(height, 1.0 - height), (1.0 - np.abs(share)) * 0.9)
    line = np.exp(-(((inset - width) / 0.010) ** 2))
    along = np.where(inset < (1.0 - np.abs(share)) * 0.9, share, height * 0.6)
    dashes = 0.5 + 0.5 * np.sign(np.sin(along * STITCHES * np.pi))
    return np.asarray(-0.10 * line * (0.4 + dashes))
