"""The masks themselves, drawn by the project: vector outlines by Pillow, shading by formula.

A mask is drawn as worn by a head that is a cylinder: the angle around it runs from the middle line
of the face (0) to the ears (about ±90°). A head turned by `turn` shows the angle `a` at the place
(1 + sin(turn + a)) / 2 between the left and the right pivots; so the far half of a mask on a turned
face is narrow, as it is in pictures, which a homography of a flat mask alone does not give. Turns
come in steps, and every drawing is kept: nothing is drawn per face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from maskmesh.services.mask_synthesis.colouring import FULL_LIGHT
from maskmesh.services.mask_synthesis.outlines import OUTLINES, Outline
from maskmesh.services.mask_synthesis.patterns import pattern_share
from maskmesh.services.mask_synthesis.shading import fabric_shade

MASK_STYLES: tuple[str, ...] = ("surgical", "cloth")
# Pixels between the pivots, and how much larger a mask of that size is drawn.
SUPERSAMPLING = {64: 4, 128: 3, 256: 2, 512: 2}
SIZES = tuple(SUPERSAMPLING)
TURN_STEP = 8
MAX_TURN = 56
# Canvas around the pivots, in shares of the distances between them; straps lie there.
MARGIN_X = 0.10
MARGIN_TOP = 0.16
MARGIN_BOTTOM = 0.06
HEIGHT_TO_WIDTH = 0.72
STRAP_WIDTH = 0.018
# Angle up to which every style covers at the height of the mouth, and a share to spare.
NARROWEST = 56.0
SPARE = 0.04
EAR_ANGLE = 92.0
# Beyond it the ear is behind the face.
LAST_STRAP_ANGLE = 84.0
STRAP_PARTS = 24

# Single precision where it is many: a drawing is a few dozen formulas over every pixel.
Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class DrawnMask:
    """A drawn mask.

    Attributes:
        pixels: uint8 H×W×4, each multiplied by alpha: light from fabric of the first colour, from
            fabric of the second colour, light of neither, and alpha; see `colouring`.
        anchors: float32 (4, 2): where the pivots top-left, top-right, bottom-right, bottom-left
            lie on the canvas, x and y in pixels from its upper left corner.
    """

    pixels: NDArray[np.uint8]
    anchors: NDArray[np.float32]


def turn_for(middle_line: float, covered: tuple[float, float]) -> int:
    """Choose the drawn turn, in degrees, for a face.

    Args:
        middle_line: Place, 0 to 1 between the pivots, of the middle line of the face.
        covered: Leftmost and rightmost place that the mask has to reach beyond.
    """
    left, right = _angle_at(covered[0] - SPARE), _angle_at(covered[1] + SPARE)
    angle = np.clip(_angle_at(middle_line), right - NARROWEST, left + NARROWEST)
    return int(np.clip(round(float(angle) / TURN_STEP) * TURN_STEP, -MAX_TURN, MAX_TURN))


def size_for(width: float) -> int:
    """Choose the smallest drawn size that is not below `width` pixels between the pivots."""
    return next((size for size in SIZES if size >= width), SIZES[-1])


def _angle_at(place: float) -> float:
    return float(np.degrees(np.arcsin(np.clip(2.0 * place - 1.0, -1.0, 1.0))))


@lru_cache(maxsize=512)
def drawn_mask(style: str, pattern: str, turn: int, size: int) -> DrawnMask:
    """Draw a mask, or hand out the one that was drawn before.

    Args:
        style: One of MASK_STYLES.
        pattern: One of MASK_PATTERNS.
        turn: Degrees by which the head is turned, positive to the right; see `turn_for`.
        size: Pixels between the left and the right pivots; see `size_for`.
    """
    canvas = _Canvas(size * SUPERSAMPLING[size], float(turn))
    outline = OUTLINES[style]
    body = _body(canvas, outline)
    straps = _straps(canvas, outline)
    shade = fabric_shade(style, *_fabric_coordinates(canvas, outline))
    layers = _compose(canvas, body, straps, shade, _printed(canvas, pattern))
    small = _shrunk(layers, canvas.shape_at(size))
    small.setflags(write=False)
    return DrawnMask(pixels=small, anchors=canvas.anchors(size))


class _Canvas:
    """Coordinates of one drawing: pivot square ↔ pixels ↔ angles around the head."""

    def __init__(self, width: int, turn: float) -> None:
        self.width = width
        self.height = width * HEIGHT_TO_WIDTH
        self.turn = turn
        self.shape = self.shape_at(width)

    @staticmethod
    def shape_at(size: int) -> tuple[int, int]:
        rows = size * HEIGHT_TO_WIDTH * (1 + MARGIN_TOP + MARGIN_BOTTOM)
        return round(rows), round(size * (1 + 2 * MARGIN_X))

    @staticmethod
    def anchors(size: int) -> NDArray[np.float32]:
        left, top = size * MARGIN_X, size * HEIGHT_TO_WIDTH * MARGIN_TOP
        right, bottom = left + size, top + size * HEIGHT_TO_WIDTH
        corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
        return np.array(corners, dtype=np.float32)

    def place(self, angles: Array) -> Array:
        """Places between the pivots (0 to 1) of angles around the head, hidden ones at the edge."""
        seen = np.clip(self.turn + angles, -90.0, 90.0)
        return np.asarray((1.0 + np.sin(np.radians(seen))) / 2.0, dtype=np.float32)

    def pixels(self, across: Array, down: Array) -> list[tuple[float, float]]:
        x = (across + MARGIN_X) * self.width
        y = (down + MARGIN_TOP) * self.height
        return list(zip(x.tolist(), y.tolist(), strict=True))

    def grid(self) -> tuple[Array, Array]:
        """Angle (1×W, degrees) and height (H×1, 0 to 1 between pivots) of every pixel."""
        rows, columns = self.shape
        across = (np.arange(columns, dtype=np.float32) + 0.5) / self.width - MARGIN_X
        down = (np.arange(rows, dtype=np.float32) + 0.5) / self.height - MARGIN_TOP
        seen = np.degrees(np.arcsin(np.clip(2.0 * across - 1.0, -1.0, 1.0)))
        angles = np.asarray(seen - self.turn, dtype=np.float32)
        return angles[None, :], np.asarray(down[:, None], dtype=np.float32)


def _body(canvas: _Canvas, outline: Outline) -> Array:
    """Coverage (H×W, 0 to 1) of the mask's fabric, corners rounded."""
    shares = np.linspace(-1.0, 1.0, 121)
    rise = np.linspace(0.0, 1.0, 31)[1:-1]
    angles = shares * outline.half_angle
    bend = outline.half_angle - outline.pinch * np.sin(np.pi * rise)
    ends = np.array([1.0])
    side = outline.top(ends) + (outline.bottom(ends) - outline.top(ends)) * rise
    border = np.concatenate([angles, bend, angles[::-1], -bend[::-1]])
    heights = np.concatenate([outline.top(shares), side, outline.bottom(shares[::-1]), side[::-1]])
    image = Image.new("L", canvas.shape[::-1], 0)
    ImageDraw.Draw(image).polygon(canvas.pixels(canvas.place(border), heights), fill=255)
    rounded = image.filter(ImageFilter.GaussianBlur(canvas.width * 0.012))
    steep = (np.asarray(rounded, dtype=np.float32) / 255.0 - 0.5) * 6.0 + 0.5
    return np.asarray(np.clip(steep, 0.0, 1.0))


def _straps(canvas: _Canvas, outline: Outline) -> Array:
    """Coverage (H×W, 0 to 1) of the ear straps; the far ear of a turned head is hidden."""
    image = Image.new("L", canvas.shape[::-1], 0)
    draw = ImageDraw.Draw(image)
    width = max(1, round(STRAP_WIDTH * canvas.width))
    ends = np.array([1.0])
    upper, lower = float(outline.top(ends)[0]) + 0.02, float(outline.bottom(ends)[0]) - 0.03
    along = np.linspace(0.0, 1.0, STRAP_PARTS + 1)
    for side in (-1.0, 1.0):
        if canvas.turn * side + outline.half_angle > LAST_STRAP_ANGLE:
            continue
        start = float(canvas.place(np.array([side * (outline.half_angle - 2.0)]))[0])
        ear = float(canvas.place(np.array([side * EAR_ANGLE]))[0])
        for begin, end, bow in ((upper, -0.04, 0.03), (lower, 0.13, -0.03)):
            down = begin + (end - begin) * along + bow * np.sin(np.pi * along)
            line = canvas.pixels(start + (ear - start) * along, down)
            for part in range(STRAP_PARTS):
                # Straps vanish behind the ear: no hard end on hair or background.
                opacity = round(255 * min(1.0, 2.5 * (1.0 - along[part])))
                draw.line(line[part : part + 2], fill=opacity, width=width)
    return np.asarray(image, dtype=np.float32) / 255.0


def _fabric_coordinates(canvas: _Canvas, outline: Outline) -> tuple[Array, Array, Array]:
    """Per pixel: share of the half angle, share from top to bottom edge, and between pivots."""
    angles, down = canvas.grid()
    share = np.clip(angles / outline.half_angle, -1.2, 1.2)
    top, bottom = outline.top(share), outline.bottom(share)
    height = (down - top) / (bottom - top)
    shape = height.shape
    return np.broadcast_to(share, shape), height, np.broadcast_to(down, shape)


def _printed(canvas: _Canvas, pattern: str) -> Array:
    """Share of the second colour (H×W, 0 to 1) of the fabric."""
    angles, down = canvas.grid()
    across = np.radians(angles) / 2
    return pattern_share(pattern, across, down * HEIGHT_TO_WIDTH, 1.0 / canvas.width)


def _compose(
    canvas: _Canvas, body: Array, straps: Array, shade: Array, printed: Array
) -> NDArray[np.uint8]:
    """Lay fabric over straps over a faint shadow on the skin; all multiplied by alpha."""
    whole = Image.fromarray((np.maximum(body, straps * 0.6) * 255).astype(np.uint8))
    shadow = np.asarray(whole.filter(ImageFilter.GaussianBlur(canvas.width * 0.010)), np.float32)
    layers: Array = np.zeros((*canvas.shape, 4), dtype=np.float32)
    layers[..., 3] = 0.30 * shadow
    light = FULL_LIGHT * np.clip(shade, 0.0, 1.27)
    for coverage, first, second in (
        (straps, 0.0, 0.96 * FULL_LIGHT),
        (body, light * (1.0 - printed), light * printed),
    ):
        layers *= 1.0 - coverage[..., None]
        layers[..., 0] += first * coverage
        layers[..., 1] += second * coverage
        layers[..., 3] += 255.0 * coverage
    return layers.round().astype(np.uint8)


def _shrunk(layers: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    channels = [
        np.asarray(Image.fromarray(layers[..., index]).resize(shape[::-1], Image.Resampling.BOX))
        for index in range(4)
    ]
    return np.ascontiguousarray(np.stack(channels, axis=2))
