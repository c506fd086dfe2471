"""Warp of a drawn mask onto a face: perspective, crop, alpha, overlay.

Steps 4 to 6 of section 3.1 of Çelik & Gören: getPerspectiveTransform and warpPerspective bring the
mask to the pivots, the result is cropped to them, gets its alpha channel, and Pillow lays it over
the face.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from maskmesh.services.mask_synthesis.drawing import DrawnMask
from maskmesh.services.mask_synthesis.geometry import Points
from maskmesh.services.mask_synthesis.pivots import Matrix, map_points
from maskmesh.services.runtime.errors import NoFaceError

# A small target is warped at a multiple of its size and averaged down, so thin lines do not alias.
FINE_SIDE = 256


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


@dataclass(frozen=True, slots=True)
class Lighting:
    """Brightness factors for a mask at the left and at the right end of its crop."""

    left: float
    right: float


def top_width(quad: Points) -> float:
    """Pixels between the two upper pivots."""
    return float(np.hypot(*(quad[1] - quad[0])))


def supersampling_for(width: float) -> int:
    """How many samples a pixel gets per axis under a mask of `width` pixels: 4, 2 or 1."""
    if width <= FINE_SIDE / 4:
        return 4
    return 2 if width <= FINE_SIDE else 1


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
    to_edges = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], np.float64)
    size = ((right - left) * fine, (bottom - top) * fine)
    warped = cv2.warpPerspective(
        mask.pixels, to_crop @ homography @ to_edges, size, flags=cv2.INTER_LINEAR
    )
    if fine > 1:
        size = (right - left, bottom - top)
        warped = cv2.resize(warped, size, interpolation=cv2.INTER_AREA)
    return WarpedMask(np.asarray(warped, dtype=np.uint8), left, top)


def lit(mask: WarpedMask, lighting: Lighting) -> WarpedMask:
    """Scale the brightness of a warped mask, changing evenly from its left to its right."""
    factors = np.linspace(lighting.left, lighting.right, mask.pixels.shape[1])[None, :, None]
    pixels = mask.pixels.copy()
    colour = np.rint(mask.pixels[..., :3] * factors)
    pixels[..., :3] = np.minimum(colour, mask.pixels[..., 3:])
    return WarpedMask(pixels, mask.left, mask.top)


def overlay(image: NDArray[np.uint8], mask: WarpedMask) -> NDArray[np.uint8]:
    """Lay a warped mask over a picture by its alpha channel, with Pillow.

    Args:
        image: uint8 H×W gray or H×W×3 RGB; not changed.
        mask: The mask; the colours of a gray picture's mask are taken as luminance.

    Returns:
        uint8, same shape as `image`.
    """
    rows, columns = mask.pixels.shape[:2]
    layer = Image.frombytes("RGBa", (columns, rows), mask.pixels.tobytes()).convert("RGBA")
    base = Image.fromarray(image)
    base.paste(layer.convert(base.mode), (mask.left, mask.top), layer.getchannel("A"))
    return np.array(base, dtype=np.uint8)


def _crop(homography: Matrix, mask: DrawnMask, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    rows, columns = mask.pixels.shape[:2]
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=np.float64)
    mapped = map_points(homography, corners)
    left, top = np.floor(mapped.min(axis=0)).astype(int)
    right, bottom = np.ceil(mapped.max(axis=0)).astype(int) + 1
    return max(0, left), max(0, top), min(shape[1], right), min(shape[0], bottom)
