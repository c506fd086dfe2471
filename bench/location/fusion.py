"""Stock cascades fused: the picture as it is and turned by 15 degrees both ways.

Boxes of all cascades and turns that overlap become one. It keeps the place of the one with the most
neighbouring windows, and its score is the sum of all their counts: what several cascades see is
more likely a face.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.location.cascades import (
    LENIENT_NEIGHBOURS,
    USUAL_NEIGHBOURS,
    StockCascade,
)
from maskmesh.bench.location.found import Found, GrayArray, Searches
from maskmesh.services.face_location.boxes import iou_matrix

MEMBERS = ("frontalface_default", "frontalface_alt2", "profileface")
TURNS = (0.0, 15.0, -15.0)
_SAME_FACE_IOU = 0.3


def load_fused() -> Searches:
    """Load the cascades.

    Raises:
        SetupError: This OpenCV ships one of them no more.
    """
    cascades = [StockCascade(name) for name in MEMBERS]
    return Searches(
        lenient=lambda gray: search(gray, cascades, LENIENT_NEIGHBOURS),
        usual=lambda gray: search(gray, cascades, USUAL_NEIGHBOURS),
    )


def search(gray: GrayArray, cascades: Sequence[StockCascade], neighbours: int) -> list[Found]:
    """Return the fused boxes of all cascades in all turns of a picture, uint8 H×W."""
    found: list[Found] = []
    for degrees in TURNS:
        turned, back = turn(gray, degrees)
        for cascade in cascades:
            found += [_turned_back(one, back) for one in cascade.search(turned, neighbours)]
    return fuse(found)


def fuse(found: Sequence[Found]) -> list[Found]:
    """Make one of all boxes that overlap the strongest of them, strongest first."""
    rest = sorted(found, key=lambda one: -one.score)
    fused = []
    while rest:
        boxes = np.array([one[:4] for one in rest], np.float64)
        same = iou_matrix(boxes[:1], boxes)[0] >= _SAME_FACE_IOU
        members = [one for one, is_same in zip(rest, same, strict=True) if is_same]
        fused.append(rest[0]._replace(score=sum(one.score for one in members)))
        rest = [one for one, is_same in zip(rest, same, strict=True) if not is_same]
    return sorted(fused, key=lambda one: -one.score)


def turn(gray: GrayArray, degrees: float) -> tuple[GrayArray, NDArray[np.float64]]:
    """Turn a picture about its middle, onto a canvas that holds all of it.

    Returns:
        uint8 H'×W', edges repeated outward, and the affine map back, float64 2×3.
    """
    if degrees == 0.0:
        return gray, np.eye(2, 3)
    height, width = gray.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = round(width * cosine + height * sine), round(width * sine + height * cosine)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    turned = cv2.warpAffine(gray, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return turned.astype(np.uint8, copy=False), cv2.invertAffineTransform(matrix)


def _turned_back(one: Found, back: NDArray[np.float64]) -> Found:
    x, y = back @ (one.x + one.width / 2, one.y + one.height / 2, 1.0)
    return one._replace(x=float(x) - one.width / 2, y=float(y) - one.height / 2)
