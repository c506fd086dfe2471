"""Cuts the faces out of a picture as the classifier wants them: 48×48 gray."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.mesh.results import Box

CROP_SIDE = 48
"""Side of a crop in pixels: the model's input, so that nothing larger crosses the wire."""

FRAMING_MARGIN = 0.0
"""Share of the box's side that is added on each side before cutting. The location service frames
faces as the training faces are framed, from the middle of the forehead to the chin: nothing is
added, and nothing else measured better (docs/decisions/0003-framing.md)."""


def to_gray(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 H×W luma (ITU-R BT.601) of a uint8 H×W×3 picture in B, G, R order."""
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def crop_face(
    gray: NDArray[np.uint8], box: Box, margin: float = FRAMING_MARGIN
) -> NDArray[np.uint8]:
    """Cut one face out.

    The crop is a square around the middle of the box. Where it reaches over the picture's edge,
    the edge's pixels are repeated.

    Args:
        gray: uint8 H×W.
        box: x, y, width, height in pixels; may reach over the edge.
        margin: Share of the box's longer side added on each side.

    Returns:
        uint8 48×48.
    """
    x, y, width, height = box
    side = max(1, round(max(width, height) * (1.0 + 2.0 * margin)))
    left = round(x + (width - side) / 2.0)
    top = round(y + (height - side) / 2.0)
    square = cut_out(gray, (left, top, side, side))
    shrinks = side > CROP_SIDE
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(square, (CROP_SIDE, CROP_SIDE), interpolation=interpolation)
    return np.asarray(resized, dtype=np.uint8)


def cut_out(picture: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Return the part of a picture in a box; beyond the picture, its edge pixels are repeated.

    Args:
        picture: uint8 H×W or H×W×channels.
        box: x, y, width, height in pixels, anywhere.

    Returns:
        uint8, height×width of the box; a view of the picture where the box lies wholly inside.
    """
    x, y, width, height = box
    rows, columns = picture.shape[:2]
    if x >= 0 and y >= 0 and x + width <= columns and y + height <= rows:
        return picture[y : y + height, x : x + width]
    across = np.clip(np.arange(x, x + width), 0, columns - 1)
    down = np.clip(np.arange(y, y + height), 0, rows - 1)
    return picture[down[:, None], across[None, :]]


def crop_faces(gray: NDArray[np.uint8], boxes: list[Box]) -> list[NDArray[np.uint8]]:
    """Return the 48×48 crop of every box, in order."""
    return [crop_face(gray, box) for box in boxes]
