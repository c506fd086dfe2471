"""Haar features of square windows, as OpenCV's cascades compute them.

Viola and Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001,
section 2, with the centre-surround feature of Lienhart and Maydt (ICIP 2002). A feature is a
weighted sum of the sums over a few rectangles, divided by the standard deviation of the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Features = NDArray[np.float32]


class Rectangle(NamedTuple):
    """A rectangle of a window in whole pixels, and what the sum over it is multiplied by."""

    x: int
    y: int
    width: int
    height: int
    weight: float


@dataclass(frozen=True, slots=True)
class HaarFeature:
    """Two or three rectangles, the first of which encloses the others; all weights sum to zero."""

    rectangles: tuple[Rectangle, ...]


@cache
def enumerate_features(window: int, step: int = 1) -> tuple[HaarFeature, ...]:
    """Return every upright feature of a window: edges, lines, checks, and centre-surround.

    Args:
        window: Side of the window in pixels.
        step: Distance of positions and sizes in pixels.
    """
    # A pattern of `across` by `down` equal cells, and which of the cells count the other way.
    patterns = [
        (2, 1, [(1, 0, 1, 1)]),
        (1, 2, [(0, 1, 1, 1)]),
        (3, 1, [(1, 0, 1, 1)]),
        (1, 3, [(0, 1, 1, 1)]),
        (4, 1, [(1, 0, 2, 1)]),
        (1, 4, [(0, 1, 1, 2)]),
        (2, 2, [(0, 0, 1, 1), (1, 1, 1, 1)]),
        (3, 3, [(1, 1, 1, 1)]),
    ]
    return tuple(
        _feature(place, across, down, cells)
        for across, down, cells in patterns
        for place in _places(window, across, down, step)
    )


def feature_values(patches: NDArray[np.uint8], features: Sequence[HaarFeature]) -> Features:
    """Compute features of windows, scaled as OpenCV scales them.

    Args:
        patches: uint8 N×W×W.
        features: F features of windows of W pixels.

    Returns:
        float32 N×F: sum of weighted rectangle sums ÷ (standard deviation × area), both over the
        window less its outermost pixels; undivided where the window is of one gray.
    """
    integrals = np.zeros((len(patches), patches.shape[1] + 1, patches.shape[2] + 1), np.float32)
    for patch, integral in zip(patches, integrals, strict=True):
        integral[:] = cv2.integral(patch)
    corners = _corner_matrix(features, patches.shape[1] + 1)
    sums = corners @ integrals.reshape(len(patches), -1).T
    return np.ascontiguousarray((sums / _normalisers(patches)[None, :]).T, np.float32)


def _normalisers(patches: NDArray[np.uint8]) -> NDArray[np.float32]:
    inner = patches[:, 1:-1, 1:-1].reshape(len(patches), -1).astype(np.float64)
    squares = inner.shape[1] * (inner**2).sum(axis=1) - inner.sum(axis=1) ** 2
    return np.where(squares > 0, np.sqrt(np.maximum(squares, 0)), 1.0).astype(np.float32)


def _corner_matrix(features: Sequence[HaarFeature], stride: int) -> csr_matrix:
    rows, columns, values = [], [], []
    for row, feature in enumerate(features):
        for x, y, width, height, weight in feature.rectangles:
            for corner_x, corner_y, sign in (
                (x, y, 1),
                (x + width, y, -1),
                (x, y + height, -1),
                (x + width, y + height, 1),
            ):
                rows.append(row)
                columns.append(corner_y * stride + corner_x)
                values.append(sign * weight)
    shape = len(features), stride * stride
    return csr_matrix((np.array(values, np.float32), (rows, columns)), shape=shape)


def _places(window: int, across: int, down: int, step: int) -> Iterator[Rectangle]:
    for cell_width in range(step, window // across + 1, step):
        for cell_height in range(step, window // down + 1, step):
            width, height = across * cell_width, down * cell_height
            if cell_width * cell_height < 4:
                continue  # noise of single pixels
            for x in range(0, window - width + 1, step):
                for y in range(0, window - height + 1, step):
                    yield Rectangle(x, y, width, height, -1.0)


def _feature(
    place: Rectangle, across: int, down: int, others: list[tuple[int, int, int, int]]
) -> HaarFeature:
    unit_x, unit_y = place.width // across, place.height // down
    weight = across * down / sum(width * height for _, _, width, height in others)
    inner = (
        Rectangle(place.x + x * unit_x, place.y + y * unit_y, w * unit_x, h * unit_y, weight)
        for x, y, w, h in others
    )
    return HaarFeature((place, *inner))
