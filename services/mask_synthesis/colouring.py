"""Colours on a drawn mask, after it was warped: one small matrix on its four channels.

A drawing knows no colour. Its channels are, each multiplied by alpha: the light that fabric of the
first colour sends back, that of fabric of the second colour, light of no colour of the mask's
(metal, sheen, reflections), and alpha. So any colour is a linear map of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.colours import Rgb

# Stored where a fabric sends back its own colour; more than 1.0 fits up to 1.275.
FULL_LIGHT = 200.0
GRAY_PROBES = 40
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Paint:
    """What a mask is coloured with.

    Attributes:
        first: Colour of the fabric.
        second: Colour of its pattern, straps and trimmings.
    """

    first: Rgb
    second: Rgb


def is_colourless(image: NDArray[np.uint8]) -> bool:
    """Tell whether a picture, H×W or H×W×3 RGB, is gray: its mask will be, too."""
    if image.ndim == 2:
        return True
    # A grid of places tells as much as all of them, and takes no time.
    rows, columns = (max(1, side // GRAY_PROBES) for side in image.shape[:2])
    probes = image[::rows, ::columns]
    return bool(
        (probes[..., 0] == probes[..., 1]).all() and (probes[..., 1] == probes[..., 2]).all()
    )


def colour_matrix(paint: Paint | None, gray: bool = False) -> NDArray[np.float32]:
    """Matrix from a drawing's four channels to R, G, B multiplied by alpha, and alpha.

    Args:
        paint: The colours; None for pictures of masks, whose channels are R, G, B, alpha.
        gray: Give the luma (ITU-R BT.601) in place of R, of G and of B.

    Returns:
        float32 (4, 4).
    """
    matrix = np.eye(4, dtype=np.float32)
    if paint is not None:
        matrix[:3, 0] = paint.first
        matrix[:3, 1] = paint.second
        matrix[:3, :2] /= FULL_LIGHT
        matrix[:3, 2] = 1.0
    if gray:
        matrix[:3] = LUMA @ matrix[:3]
    return matrix


def coloured(
    pixels: NDArray[np.uint8], paint: Paint | None, gray: bool = False
) -> NDArray[np.uint8]:
    """Colour a warped drawing.

    Args:
        pixels: uint8 h×w×4, a drawing's channels; or, without `paint`, R, G, B multiplied by
            alpha, and alpha.
        paint: The colours, or None.
        gray: Give the luma in place of R, of G and of B.

    Returns:
        uint8 h×w×4: R, G, B multiplied by alpha, and alpha.
    """
    if paint is None and not gray:
        return pixels
    matrix = colour_matrix(paint, gray)
    if paint is None:
        mixed: Any = cv2.transform(pixels, matrix)
        return np.asarray(mixed, dtype=np.uint8)
    # Plane by plane is three times as fast as cv2.transform on interleaved channels.
    first, second, light, alpha = cv2.split(pixels)
    planes = [
        cv2.add(cv2.addWeighted(first, share, second, other_share, 0.0), light)
        for share, other_share in _exact(matrix[: 1 if gray else 3, :2])
    ]
    return np.asarray(cv2.merge([*(planes * 3)[:3], alpha]), dtype=np.uint8)


def _exact(shares: NDArray[np.float32]) -> Any:
    """Round to multiples of 1/4096: products with bytes have no rounding error on any machine."""
    return (np.rint(shares * 4096.0) / 4096.0).tolist()
