"""The masks themselves, drawn by the project: vector outlines, shading and patterns by formula.

A drawing is made for a turn of the head in steps and for a size in steps, and it is kept: nothing
is drawn per face. See `canvas` for how a turned head shows a mask, `colouring` for the channels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.canvas import HEIGHT_TO_WIDTH, Array, Canvas, Margins
from maskmesh.services.mask_synthesis.colouring import FULL_LIGHT
from maskmesh.services.mask_synthesis.folds import FOLDS, Relief
from maskmesh.services.mask_synthesis.outlines import OUTLINES, Outline
from maskmesh.services.mask_synthesis.patterns import PLAIN, pattern_share
from maskmesh.services.mask_synthesis.positions import POSITIONS, PROPER
from maskmesh.services.mask_synthesis.shading import grain, sheen
from maskmesh.services.mask_synthesis.slipped import (
    slipped_margins,
    slipped_outline,
    slipped_straps,
)
from maskmesh.services.mask_synthesis.straps import STRAPS, strap_coverage
from maskmesh.services.mask_synthesis.surface import Surface, surface_of

MASK_STYLES: tuple[str, ...] = tuple(OUTLINES)
# Pixels between the pivots, and how much larger a mask of that size is drawn.
SUPERSAMPLING = {64: 2, 128: 2, 256: 1, 512: 1}
SIZES = tuple(SUPERSAMPLING)
TURN_STEP = 8
MAX_TURN = 56
# Drawings of one size and position that are kept take at most so many bytes.
CACHE_BYTES = {PROPER: 24 * 2**20}
LESS_WORN_BYTES = 8 * 2**20
WITH_STRAPS = Margins(side=0.10, top=0.16, bottom=0.06)
MARGINS = {
    "n95": Margins(side=0.06, top=0.32, bottom=0.06),
    "bandana": Margins(side=0.06, top=0.08, bottom=0.50),
    "gaiter": Margins(side=0.06, top=0.08, bottom=0.50),
}
# Straps of fabric have the mask's first colour, rubber bands have none, others the second colour.
FABRIC_STRAPS, RUBBER_STRAPS = {"cloth"}, {"n95"}
STRAP_LIGHT = 0.93
RUBBER_LIGHT = 216.0
METAL_LIGHT = 168.0
# White fabric and its sheen stay below the brightest that a picture holds.
MAX_LIGHT = 1.02
# Angle up to which every style covers at the height of the mouth, and a share to spare.
NARROWEST = 55.0
SPARE = 0.04
# Shadows on the skin: share of the light that they take, blur, and how far they fall; the last two
# in shares of the distance between the pivots. A strap hardly stands off.
SHADOWS = ((0.34, 0.009, 0.0), (0.30, 0.026, 0.034))
STRAP_SHADOW = 0.5
# Of the light on a window: what a film lets through, and what it sends back.
FILM = 0.13
FILM_LIGHT = 235.0


@dataclass(frozen=True, slots=True)
class DrawnMask:
    """A drawn mask.

    Attributes:
        pixels: uint8 H×W×4, each multiplied by alpha: light from fabric of the first colour, from
            fabric of the second colour, light of neither, and alpha; see `colouring`.
        anchors: float32 (4, 2): where the pivots top-left, top-right, bottom-right, bottom-left
            lie on the canvas, x and y in pixels from its upper left corner. A mask that is turned
            to the left is drawn mirrored: its left pivots lie on the right.
        middle: float32 (2, 2): where the middle line of the face lies at the height of the top and
            of the bottom pivots.
        corners: float64 (4, 2): of the part of the canvas that is not empty, as `anchors`.
    """

    pixels: NDArray[np.uint8]
    anchors: NDArray[np.float32]
    middle: NDArray[np.float32]
    corners: NDArray[np.float64]


def drawn_corners(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the corners, float64 (4, 2), of the part of a canvas, uint8 H×W×4, that is drawn on.

    In the order top-left, top-right, bottom-right, bottom-left, in pixels.
    """
    drawn = pixels[..., 3] > 0
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    top, bottom = (rows[0], rows[-1] + 1) if len(rows) else (0, 0)
    left, right = (columns[0], columns[-1] + 1) if len(columns) else (0, 0)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def turn_for(middle_line: float, covered: tuple[float, float]) -> int:
    """Choose the drawn turn, in degrees, for a face.

    Args:
        middle_line: Place, 0 to 1 between the pivots, of the middle line of the face.
        covered: Leftmost and rightmost place that the mask has to reach beyond.
    """
    left, right = _angle_at(covered[0] - SPARE), _angle_at(covered[1] + SPARE)
    angle = min(max(_angle_at(middle_line), right - NARROWEST), left + NARROWEST)
    return min(max(round(angle / TURN_STEP) * TURN_STEP, -MAX_TURN), MAX_TURN)


def size_for(width: float) -> int:
    """Choose the smallest drawn size that is not below `width` pixels between the pivots."""
    return next((size for size in SIZES if size >= width), SIZES[-1])


def _angle_at(place: float) -> float:
    return math.degrees(math.asin(min(max(2.0 * place - 1.0, -1.0), 1.0)))


def drawn_mask(style: str, pattern: str, turn: int, size: int, position: str = PROPER) -> DrawnMask:
    """Draw a mask, or hand out the one that was drawn before.

    Args:
        style: One of MASK_STYLES.
        pattern: One of MASK_PATTERNS.
        turn: Degrees by which the head is turned, positive to the right; see `turn_for`.
        size: Pixels between the left and the right pivots; see `size_for`.
        position: How it is worn, one of POSITIONS.
    """
    mask = _CACHES[size, position](style, pattern, abs(turn))
    return mask if turn >= 0 else mirrored(mask)


def mirrored(mask: DrawnMask) -> DrawnMask:
    """Return the same drawing for a head turned the other way: only its anchors change."""
    return DrawnMask(mask.pixels, mask.anchors[[1, 0, 3, 2]], mask.middle, mask.corners)


def cache_limits(position: str = PROPER) -> dict[int, int]:
    """Return how many drawings of each size are kept of a position."""
    canvases = [slipped_margins(margins, position) for margins in (WITH_STRAPS, *MARGINS.values())]
    shapes = {size: [Canvas(size, 0.0, margins).shape for margins in canvases] for size in SIZES}
    limit = CACHE_BYTES.get(position, LESS_WORN_BYTES)
    return {
        size: limit // max(4 * rows * columns for rows, columns in shapes[size]) for size in SIZES
    }


def _cache(size: int, position: str) -> Callable[[str, str, int], DrawnMask]:
    @lru_cache(maxsize=cache_limits(position)[size])
    def drawn(style: str, pattern: str, turn: int) -> DrawnMask:
        return _draw(style, pattern, turn, size, position)

    return drawn


def _draw(style: str, pattern: str, turn: int, size: int, position: str) -> DrawnMask:
    margins = slipped_margins(MARGINS.get(style, WITH_STRAPS), position)
    final = Canvas(size, float(turn), margins)
    canvas = Canvas(size * SUPERSAMPLING[size], float(turn), margins)
    outline = slipped_outline(OUTLINES[style], position)
    body = _body(canvas, outline)
    straps = strap_coverage(canvas, outline, slipped_straps(STRAPS.get(style, ()), position))
    surface = surface_of(canvas, outline)
    relief = FOLDS[style](surface)
    layers = _shadow(canvas, body, straps)
    _lay(layers, straps, _strap_light(style, pattern))
    _lay(layers, body, _fabric_light(canvas, relief, pattern))
    if relief.window is not None:
        _open_window(layers, body * relief.window, surface)
    pixels = layers.round().clip(0, 255).astype(np.uint8)
    if canvas.shape != final.shape:
        pixels = cv2.resize(pixels, final.shape[::-1], interpolation=cv2.INTER_AREA)
    pixels.setflags(write=False)
    return DrawnMask(pixels, final.anchors(), final.middle(), drawn_corners(pixels))


def _body(canvas: Canvas, outline: Outline) -> Array:
    """Coverage (H×W, 0 to 1) of the mask's fabric, corners rounded."""
    image = np.zeros(canvas.shape, dtype=np.uint8)
    corners = np.rint((outline.polygon(canvas) - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(image, [corners], 255, cv2.LINE_AA, 4)
    rounded = cv2.GaussianBlur(image, (0, 0), canvas.width * outline.rounding)
    steep = (rounded.astype(np.float32) / 255.0 - 0.5) * 6.0 + 0.5
    return np.asarray(np.clip(steep, 0.0, 1.0))


def _shadow(canvas: Canvas, body: Array, straps: Array) -> Array:
    """Layers (H×W×4) that hold only the shadow on the skin: a dark line of contact, soft light."""
    whole = (np.maximum(body, straps * STRAP_SHADOW) * 255).astype(np.uint8)
    layers = np.zeros((*canvas.shape, 4), dtype=np.float32)
    for strength, blur, below in SHADOWS:
        fallen = np.array([[1, 0, 0], [0, 1, below * canvas.width]], dtype=np.float64)
        moved = cv2.warpAffine(whole, fallen, canvas.shape[::-1])
        layers[..., 3] += strength * cv2.GaussianBlur(moved, (0, 0), canvas.width * blur)
    return layers


def _strap_light(style: str, pattern: str) -> tuple[Array, ...]:
    light = [0.0, 0.0, 0.0]
    if style in RUBBER_STRAPS or (pattern != PLAIN and style not in FABRIC_STRAPS):
        light[2] = RUBBER_LIGHT
    else:
        light[0 if style in FABRIC_STRAPS else 1] = STRAP_LIGHT * FULL_LIGHT
    return tuple(np.float32(value).reshape(1, 1) for value in light)


def _fabric_light(canvas: Canvas, relief: Relief, pattern: str) -> tuple[Array, ...]:
    """Light of the first colour, of the second, and of none, of fabric and what is fixed to it."""
    light = np.clip(relief.light + grain(canvas.shape), 0.05, MAX_LIGHT)
    across, down = canvas.grid()
    way = np.radians(canvas.angles(across)) / 2
    second = pattern_share(pattern, way, down * HEIGHT_TO_WIDTH, 1.0 / canvas.width)
    lights = [FULL_LIGHT * light * (1.0 - second), FULL_LIGHT * light * second, sheen(light)]
    if relief.metal is not None:
        lights = [part * (1.0 - relief.metal) for part in lights]
        lights[2] = lights[2] + METAL_LIGHT * light**2 * relief.metal
    return tuple(lights)


def _lay(layers: Array, coverage: Array, light: tuple[Array, ...]) -> None:
    """Lay something over the layers; all stay multiplied by alpha."""
    layers *= 1.0 - coverage[..., None]
    for channel, part in enumerate(light):
        layers[..., channel] += part * coverage
    layers[..., 3] += 255.0 * coverage


def _open_window(layers: Array, window: Array, surface: Surface) -> None:
    """Take fabric away where the window is; leave a film with streaks of reflected light."""
    layers *= (1.0 - window)[..., None]
    slant = surface.share + 0.5 * surface.down
    streaks = 0.9 * np.exp(-(((slant + 0.12) / 0.07) ** 2))
    streaks = streaks + 0.5 * np.exp(-(((slant - 0.08) / 0.03) ** 2))
    rim = np.clip(1.0 - 2.2 * surface.side, 0.0, 1.0)
    film = FILM * (0.55 + 1.3 * streaks + 0.5 * (1.0 - rim)) * window
    layers[..., 2] += FILM_LIGHT * film
    layers[..., 3] += 255.0 * film


_CACHES = {(size, position): _cache(size, position) for size in SIZES for position in POSITIONS}
