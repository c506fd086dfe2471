"""Crisp text on pictures: OpenCV's own fonts are line drawings that blur when small."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from maskmesh.clients.streaming.palette import Colour


@lru_cache(maxsize=32)
def line_height(size: int) -> int:
    """Return the height of a line in pixels, from the ascenders' top to the descenders' bottom."""
    ascent, descent = _font(size).getmetrics()
    return int(ascent + descent)


def text_width(text: str, size: int) -> int:
    """Return the width of a text in pixels."""
    return int(_coverage(text, size).shape[1])


def draw_text(
    picture: NDArray[np.uint8], text: str, at: tuple[int, int], size: int, colour: Colour
) -> None:
    """Draw one line of text into a picture; what lies outside of it is cut off.

    Args:
        picture: uint8 H×W×3 in B, G, R order; changed.
        text: The line.
        at: x, y of the line's top left corner in pixels.
        size: Size of the font in pixels.
        colour: The text's colour.
    """
    coverage = _coverage(text, size)
    x, y = at
    left, top = max(0, x), max(0, y)
    right = min(picture.shape[1], x + coverage.shape[1])
    bottom = min(picture.shape[0], y + coverage.shape[0])
    if right <= left or bottom <= top:
        return
    alpha = coverage[top - y : bottom - y, left - x : right - x, None]
    area = picture[top:bottom, left:right]
    area[:] = np.rint(area + (np.asarray(colour, dtype=np.float32) - area) * alpha)


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        # Pillow built without FreeType falls back to a bitmap font of one size.
        raise TypeError("Pillow has no FreeType support: install it from a wheel")
    return font


@lru_cache(maxsize=2048)
def _coverage(text: str, size: int) -> NDArray[np.float32]:
    font = _font(size)
    width = max(1, round(font.getlength(text)))
    canvas = Image.new("L", (width, line_height(size)))
    ImageDraw.Draw(canvas).text((0, 0), text, fill=255, font=font)
    return np.asarray(canvas, dtype=np.float32) / 255.0
