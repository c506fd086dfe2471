"""Finds pictures of one split that are also, nearly, in another: mirrored, too."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Unit = NDArray[np.float32]
# Correlation of the pixels above which two pictures are the same photo.
SAME = 0.985
# Pictures that correlate above SAME do so above this when they are shrunk.
SCREEN = 0.95
SCREEN_SIDE = 12
BLOCK = 2048
# Fewer gray levels of spread are no picture: correlation would amplify the noise.
LEAST_SPREAD = 2.0


def near_duplicates(
    images: NDArray[np.uint8], others: NDArray[np.uint8], same: float = SAME
) -> NDArray[np.int64]:
    """For each picture, find the one of the others that shows nearly the same.

    Args:
        images: uint8 [N, H, W].
        others: uint8 [M, H, W].
        same: Correlation of the pixels above which two are duplicates.

    Returns:
        int64 [N], the row of the best duplicate among the others, mirrored or not; -1 for none.
        A blank picture is a duplicate of none.
    """
    found = np.full(len(images), -1, np.int64)
    best = np.full(len(images), same, np.float32)
    for mirror in (False, True):
        seen = others[:, :, ::-1] if mirror else others
        _search(images, np.ascontiguousarray(seen), found, best)
    return found


def is_blank(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Say which of the pictures, uint8 [N, H, W], have pixels of one value only."""
    flat = images.reshape(len(images), -1)
    return np.asarray(flat.max(axis=1) == flat.min(axis=1))


def _search(
    images: NDArray[np.uint8],
    others: NDArray[np.uint8],
    found: NDArray[np.int64],
    best: NDArray[np.float32],
) -> None:
    small = _unit(_shrunk(others)).T
    for first in range(0, len(images), BLOCK):
        block = images[first : first + BLOCK]
        rows, columns = np.nonzero(_unit(_shrunk(block)) @ small > SCREEN)
        if len(rows) == 0:
            continue
        alike = np.einsum("ij,ij->i", _unit(block[rows]), _unit(others[columns]))
        for row, column, value in zip(rows + first, columns, alike, strict=True):
            if value > best[row]:
                best[row], found[row] = value, column


def _shrunk(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = (SCREEN_SIDE, SCREEN_SIDE)
    return np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images])


def _unit(images: NDArray[np.uint8]) -> Unit:
    """Return rows of mean 0 and length 1, so that their product is the correlation."""
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    flat[length[:, 0] < LEAST_SPREAD * np.sqrt(flat.shape[1])] = 0.0
    return np.asarray(flat / np.maximum(length, 1e-6), np.float32)
