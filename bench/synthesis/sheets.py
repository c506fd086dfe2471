"""Contact sheets of docs/masks.md: what masks there are, on real faces, in rows and columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.synthesis.portraits import Portrait
from maskmesh.clients.streaming.palette import INK, PAPER
from maskmesh.clients.streaming.text import draw_text, line_height, text_width
from maskmesh.services.mask_synthesis.colours import MASK_COLOURS
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.patterns import MASK_PATTERNS
from maskmesh.services.mask_synthesis.positions import POSITIONS
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.mask_synthesis.user_masks import UserMask

TEXT = 14
GAP = 4
PATTERNED_STYLES = ("cloth", "bandana", "gaiter")
SEED = 3

Tile = Callable[[int, int], NDArray[np.uint8]]
"""Gives the uint8 H×W×3 RGB picture of a row and a column, any square size."""


def labelled_grid(
    rows: Sequence[str], columns: Sequence[str], tile: Tile, side: int
) -> NDArray[np.uint8]:
    """Lay square pictures out with a label for every row and column.

    Args:
        rows: Labels, from the top.
        columns: Labels, from the left.
        tile: The pictures.
        side: Pixels of a side that they are scaled to.

    Returns:
        uint8 H×W×3 RGB.
    """
    margin = max((text_width(label, TEXT) for label in rows), default=0) + 2 * GAP
    head = line_height(TEXT) + 2 * GAP
    size = (head + len(rows) * (side + GAP), margin + len(columns) * (side + GAP), 3)
    sheet = np.full(size, INK, np.uint8)
    for column, label in enumerate(columns):
        draw_text(sheet, label, (margin + column * (side + GAP), GAP), TEXT, PAPER)
    for row, label in enumerate(rows):
        top = head + row * (side + GAP)
        draw_text(sheet, label, (GAP, top + side // 2 - TEXT // 2), TEXT, PAPER)
        for column in range(len(columns)):
            left = margin + column * (side + GAP)
            scaled = cv2.resize(tile(row, column), (side, side), interpolation=cv2.INTER_AREA)
            sheet[top : top + side, left : left + side] = scaled
    return sheet


def styles_sheet(portraits: Sequence[Portrait], side: int = 176) -> NDArray[np.uint8]:
    """Every style on every face, in colours and patterns as they are worn."""
    synthesizer = MaskSynthesizer()

    def tile(row: int, column: int) -> NDArray[np.uint8]:
        face = portraits[row]
        return synthesizer.apply(
            face.picture, style=MASK_STYLES[column], seed=SEED + row, landmarks=face.landmarks
        ).image

    return labelled_grid([""] * len(portraits), MASK_STYLES, tile, side)


def patterns_sheet(portraits: Sequence[Portrait], side: int = 176) -> NDArray[np.uint8]:
    """Every pattern on the styles that are worn with patterns."""
    synthesizer = MaskSynthesizer()
    styles = [style for style in PATTERNED_STYLES if style in MASK_STYLES]

    def tile(row: int, column: int) -> NDArray[np.uint8]:
        face = portraits[row % len(portraits)]
        return synthesizer.apply(
            face.picture,
            style=styles[row],
            pattern=MASK_PATTERNS[column],
            seed=SEED + column,
            landmarks=face.landmarks,
        ).image

    return labelled_grid(styles, MASK_PATTERNS, tile, side)


def own_sheet(portraits: Sequence[Portrait], mask: UserMask, side: int = 220) -> NDArray[np.uint8]:
    """A mask of the user's own on every face."""
    synthesizer = MaskSynthesizer(masks=[mask])

    def tile(_: int, column: int) -> NDArray[np.uint8]:
        face = portraits[column]
        return synthesizer.apply(
            face.picture, style=mask.name, seed=SEED, landmarks=face.landmarks
        ).image

    return labelled_grid([""], [mask.name, *[""] * (len(portraits) - 1)], tile, side)


def positions_sheet(portraits: Sequence[Portrait], side: int = 176) -> NDArray[np.uint8]:
    """Every way of wearing, of every style; each style on the next face."""
    synthesizer = MaskSynthesizer()

    def tile(row: int, column: int) -> NDArray[np.uint8]:
        face = portraits[column % len(portraits)]
        return synthesizer.apply(
            face.picture,
            style=MASK_STYLES[column],
            position=POSITIONS[row],
            seed=SEED,
            landmarks=face.landmarks,
        ).image

    return labelled_grid(POSITIONS, MASK_STYLES, tile, side)


def whole_sheet(portraits: Sequence[Portrait], side: int = 64) -> NDArray[np.uint8]:
    """Every style in every colour and position; each colour on the next face."""
    synthesizer = MaskSynthesizer()
    kinds = [(style, position) for style in MASK_STYLES for position in POSITIONS]

    def tile(row: int, column: int) -> NDArray[np.uint8]:
        face = portraits[column % len(portraits)]
        style, position = kinds[row]
        return synthesizer.apply(
            face.picture,
            style=style,
            colour=MASK_COLOURS[column],
            pattern="plain",
            position=position,
            seed=SEED,
            landmarks=face.landmarks,
        ).image

    return labelled_grid([f"{kind[0]}, {kind[1]}" for kind in kinds], MASK_COLOURS, tile, side)
