"""Small pictures made large enough that something can be written on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.streaming.drawing import MOST_PANELS, panel_size
from maskmesh.clients.streaming.layout import scale_for
from maskmesh.clients.streaming.palette import INK
from maskmesh.clients.streaming.results import SeenFace

SMALL_SIDE = 320
"""Pictures whose longer side has fewer pixels are enlarged."""


def enlarged(
    rgb: NDArray[np.uint8], faces: Sequence[SeenFace]
) -> tuple[NDArray[np.uint8], tuple[SeenFace, ...]]:
    """Enlarge a small picture by a whole number, and give it room for a panel at the right.

    Args:
        rgb: uint8 H×W×3.
        faces: What was seen in it.

    Returns:
        The picture with the longer side at least `SMALL_SIDE`, and the faces where they are in it;
        a picture that is large enough, and its faces, as they are.
    """
    height, width = rgb.shape[:2]
    factor = math.ceil(SMALL_SIDE / max(height, width))
    if factor == 1:
        return rgb, tuple(faces)
    size = (width * factor, height * factor)
    large = cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC)
    if 0 < len(faces) <= MOST_PANELS:
        scale = scale_for(*size)
        room = panel_size(scale)[0] + 4 * scale.gap
        large = cv2.copyMakeBorder(large, 0, 0, 0, room, cv2.BORDER_CONSTANT, value=INK)
    moved = tuple(replace(face, box=_times(face.box, factor)) for face in faces)
    return np.asarray(large, np.uint8), moved


def _times(box: tuple[int, int, int, int], factor: int) -> tuple[int, int, int, int]:
    x, y, width, height = box
    return x * factor, y * factor, width * factor, height * factor
