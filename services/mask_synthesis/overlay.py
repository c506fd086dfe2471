"""Warp of a drawn mask onto a face, and overlay: perspective, crop, alpha.

Steps 4 to 6 of section 3.1 of Çelik & Gören: getPerspectiveTransform and warpPerspective bring the
mask to the pivots, the result is cropped to them, and its alpha channel lays it over the face. The
paper lays it over with Pillow, which mixes encoded values; here light is mixed, so that the edge of
a dark mask on bright skin, and a reflection on a window, look as they do in a photograph.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.drawing import DrawnMask
from maskmesh.services.mask_synthesis.geometry import Points
from maskmesh.services.mask_synthesis.pivots import Matrix, map_points
from maskmesh.services.runtime.errors import NoFaceError

# A small target is warped at a multiple of its size and averaged down, so thin lines do not alias.
FINE_WIDTH = 128
FINE = 2
OPAQUE = 255
# From edges, which anchors and corners count from, to centres of pixels.
TO_EDGES = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class WarpedMask:
    """A mask in the coordinates of the picture.

    Attributes:
        pixels: uint8 h×w×4, R, G, B multiplied by alpha, and alpha.
        left: Column of the picture where it begins.
        top: Row of the picture where it begins.
    """

    pixels: NDArray[np.uint8]
    left: int
    top: int


def top_width(quad: Points) -> float:
    """Pixels between the two upper pivots."""
    (left, upper), (right, lower) = quad[:2].tolist()
    return math.hypot(right - left, lower - upper)


def supersampling_for(width: float) -> int:
    """How many samples a pixel gets per axis under a mask of `width` pixels: 2 or 1."""
    return FINE if width <= FINE_WIDTH else 1


def warp_mask(mask: DrawnMask, quad: Points, shape: tuple[int, int]) -> WarpedMask:
    """Warp a drawn mask so that its anchors meet the pivots, cropped to what the picture shows.

    Args:
        mask: The drawn mask.
        quad: (4, 2) pivots in pixels of the picture.
        shape: Rows and columns of the picture.

    Returns:
        The crop around the pivots.

    Raises:
        NoFaceError: The picture shows nothing of it.
    """
    homography = np.asarray(cv2.getPerspectiveTransform(mask.anchors, quad), dtype=np.float64)
    left, top, right, bottom = _crop(homography, mask, shape)
    if right <= left or bottom <= top:
        raise NoFaceError(
            "the mask would lie outside of the picture: give landmarks or a box of a face inside"
        )
    fine = supersampling_for(top_width(quad))
    # Pixel centres: picture x ↔ fine (x - left + 0.5) * fine - 0.5, canvas edges ↔ centres.
    offset = (fine - 1) / 2.0
    to_crop = np.array(
        [[fine, 0, offset - left * fine], [0, fine, offset - top * fine], [0, 0, 1]], np.float64
    )
    size = ((right - left) * fine, (bottom - top) * fine)
    warped = cv2.warpPerspective(
        mask.pixels, to_crop @ homography @ TO_EDGES, size, flags=cv2.INTER_LINEAR
    )
    if fine > 1:
        size = (right - left, bottom - top)
        warped = cv2.resize(warped, size, interpolation=cv2.INTER_AREA)
    return WarpedMask(np.asarray(warped, dtype=np.uint8), left, top)


def overlay(image: NDArray[np.uint8], mask: WarpedMask) -> NDArray[np.uint8]:
    """Lay a warped mask over a picture by its alpha channel.

    Where the mask covers partly, amounts of light are mixed, not the picture's values, which go
    with the square root of light (a gamma of 2, close to sRGB's). Every step is exact or rounded
    as IEEE 754 demands, so that results are the same on every machine.

    Args:
        image: uint8 H×W gray or H×W×3 RGB; not changed.
        mask: The mask; a gray picture shows the luma of its colours.

    Returns:
        uint8, same shape as `image`.
    """
    rows, columns = mask.pixels.shape[:2]
    result = image.copy()
    region = result[mask.top : mask.top + rows, mask.left : mask.left + columns]
    conversion = cv2.COLOR_RGBA2GRAY if image.ndim == 2 else cv2.COLOR_RGBA2RGB
    colour = np.asarray(cv2.cvtColor(mask.pixels, conversion), dtype=np.uint8)
    alpha = np.ascontiguousarray(mask.pixels[..., 3])
    crop = region.copy()
    cv2.copyTo(colour, cv2.compare(alpha, float(OPAQUE), cv2.CMP_EQ), crop)
    # One comparison for both ends: 0 wraps around.
    partly = np.flatnonzero(alpha - np.uint8(1) < OPAQUE - 1)
    below, above = (pixels.reshape(rows * columns, -1) for pixels in (crop, colour))
    below[partly] = _mixed(
        below.take(partly, axis=0), above.take(partly, axis=0), alpha.take(partly)
    )
    region[...] = crop
    return result


def _mixed(
    base: NDArray[np.uint8], colour: NDArray[np.uint8], alpha: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Mix the light of pixels (N×C) with that of colours multiplied by alpha (N, not 0)."""
    share = alpha.astype(np.float32)[:, None]
    light, added = base.astype(np.float32), colour.astype(np.float32)
    light *= light
    light *= (OPAQUE - share) / OPAQUE
    added *= added
    added *= OPAQUE / share
    light += added
    np.sqrt(light, out=light)
    light += np.float32(0.5)
    return np.minimum(light, OPAQUE, out=light).astype(np.uint8)


def _crop(homography: Matrix, mask: DrawnMask, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    x, y = map_points(homography, mask.corners).T.tolist()
    return (
        max(0, math.floor(min(x))),
        max(0, math.floor(min(y))),
        min(shape[1], math.ceil(max(x)) + 1),
        min(shape[0], math.ceil(max(y)) + 1),
    )
