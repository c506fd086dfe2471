"""Scaled copies of pictures to search in, and level cut-outs of candidates."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.face_location.candidates import Candidate


@dataclass(frozen=True, slots=True)
class ScaledPicture:
    """A picture, scaled and with a margin around it.

    Attributes:
        pixels: uint8 H×W.
        scale: Pixels here for each of the original.
        margin: Width of the margin, in pixels here.
    """

    pixels: NDArray[np.uint8]
    scale: float
    margin: int

    def to_original(self, boxes: FloatArray) -> FloatArray:
        """Return float64 N×4 boxes found here, in pixels of the original."""
        moved = boxes.copy()
        moved[:, :2] -= self.margin
        return moved / self.scale


def scale_picture(
    gray: NDArray[np.uint8], longer_side: int, margin: float = 0.0, max_scale: float = np.inf
) -> ScaledPicture:
    """Scale a picture to a longer side, and continue its border pixels into a margin.

    The margin lets a cascade find faces that fill the picture, as its windows need some
    surroundings and never leave the picture.

    Args:
        gray: uint8 H×W.
        longer_side: Of the result without margin, in pixels.
        margin: Width of the margin, as a share of the longer side.
        max_scale: Most that the picture is enlarged by.
    """
    height, width = gray.shape
    scale = min(longer_side / max(height, width), max_scale)
    pixels = resize(gray, max(1, round(width * scale)), max(1, round(height * scale)))
    border = round(margin * max(pixels.shape))
    return ScaledPicture(_with_border(pixels, border, border, border, border), scale, border)


def level_patch(
    gray: NDArray[np.uint8], candidate: Candidate, face_side: int, patch_side: int
) -> NDArray[np.uint8]:
    """Cut out a candidate with its surroundings, its eyes level.

    Args:
        gray: uint8 H×W.
        candidate: What to cut out.
        face_side: Side that the candidate's square has in the result, in pixels.
        patch_side: Side of the result, in pixels; the candidate is at its middle.

    Returns:
        uint8 patch_side×patch_side; what lies outside the picture repeats its border.
    """
    turned = abs(candidate.roll) > 0.02
    spare = abs(np.cos(candidate.roll)) + abs(np.sin(candidate.roll)) if turned else 1.0
    wanted = round(patch_side * spare)
    reach = wanted / face_side * candidate.side / 2
    cut = _cut_square(gray, candidate.x, candidate.y, reach)
    patch = resize(cut, wanted, wanted)
    if not turned:
        return patch
    turn = cv2.getRotationMatrix2D((wanted / 2, wanted / 2), np.degrees(candidate.roll), 1.0)
    turn[:, 2] += (patch_side - wanted) / 2
    return _uint8(
        cv2.warpAffine(patch, turn, (patch_side, patch_side), borderMode=cv2.BORDER_REPLICATE)
    )


def resize(gray: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scale a picture, averaging pixels where it becomes smaller."""
    if gray.shape == (height, width):
        return gray
    smaller = width < gray.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return _uint8(cv2.resize(gray, (width, height), interpolation=method))


def _cut_square(gray: NDArray[np.uint8], x: float, y: float, reach: float) -> NDArray[np.uint8]:
    height, width = gray.shape
    left, top = round(x - reach), round(y - reach)
    side = max(1, round(2 * reach))
    # At least one row and column of the picture, whose repetition fills the rest.
    from_x, to_x = min(max(0, left), width - 1), max(min(width, left + side), 1)
    from_y, to_y = min(max(0, top), height - 1), max(min(height, top + side), 1)
    inside = gray[from_y : max(to_y, from_y + 1), from_x : max(to_x, from_x + 1)]
    above, before = max(0, -top), max(0, -left)
    below = max(0, side - above - inside.shape[0])
    after = max(0, side - before - inside.shape[1])
    return _with_border(inside, above, below, before, after)[:side, :side]


def _with_border(
    gray: NDArray[np.uint8], above: int, below: int, before: int, after: int
) -> NDArray[np.uint8]:
    if not (above or below or before or after):
        return gray
    return _uint8(cv2.copyMakeBorder(gray, above, below, before, after, cv2.BORDER_REPLICATE))


def _uint8(pixels: object) -> NDArray[np.uint8]:
    return np.asarray(pixels, dtype=np.uint8)
