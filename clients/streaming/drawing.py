"""Draws what the mesh says onto a picture: frames, labels, probability bars, mask state."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.mesh.results import Box, Expression
from maskmesh.clients.streaming.layout import Scale, place_beside, scale_for
from maskmesh.clients.streaming.mask_states import mask_words
from maskmesh.clients.streaming.palette import (
    EXPRESSION_COLOURS,
    FAINT,
    INK,
    PAPER,
    Colour,
    ink_on,
)
from maskmesh.clients.streaming.results import SeenFace
from maskmesh.clients.streaming.text import draw_text, line_height, text_width
from maskmesh.services.runtime.expressions import EXPRESSIONS

# With more faces than this, bars would cover each other: only frames and labels are drawn.
MOST_PANELS = 4
PANEL_OPACITY = 0.72


def annotated(bgr: NDArray[np.uint8], faces: Sequence[SeenFace]) -> NDArray[np.uint8]:
    """Return a copy of a picture with its faces framed and explained.

    Each face gets a frame in the colour of its expression, above it track id, label and
    probability, below it the mask state, and beside it a bar for each of the seven expressions.

    Args:
        bgr: uint8 H×W×3 in B, G, R order.
        faces: What was seen in it.
    """
    picture = bgr.copy()
    height, width = picture.shape[:2]
    scale = scale_for(width, height)
    if len(faces) <= MOST_PANELS:
        taken = [_with_tags(face, scale) for face in faces]
        size = panel_size(scale)
        for face in faces:
            own = _with_tags(face, scale)
            place = place_beside(own, size, taken, (width, height), scale.gap)
            _draw_panel(picture, place, face.expression, scale)
            taken.append((*place, *size))
    # Last, so that no panel covers what names a face.
    for face in faces:
        _draw_frame(picture, face, scale)
    return picture


def _draw_frame(picture: NDArray[np.uint8], face: SeenFace, scale: Scale) -> None:
    x, y, width, height = face.box
    colour = EXPRESSION_COLOURS[face.expression.label]
    corners = (x, y), (x + width - 1, y + height - 1)
    cv2.rectangle(picture, *corners, INK, scale.line + 2)
    cv2.rectangle(picture, *corners, colour, scale.line)
    edge = scale.line // 2 + 1
    tag_height = _tag_height(scale)
    above = y - tag_height - edge
    _draw_tag(picture, _label(face), (x - edge, above if above >= 0 else y + edge), scale, colour)
    below = min(y + height + edge, picture.shape[0] - tag_height)
    _draw_tag(picture, _mask_label(face), (x - edge, below), scale, PAPER)


def _label(face: SeenFace) -> str:
    name = "" if face.track is None else f"#{face.track} "
    return f"{name}{face.expression.label} {face.expression.confidence:.0%}"


def _mask_label(face: SeenFace) -> str:
    return mask_words(face.mask_state, face.expression.mask_probability)


def _draw_tag(
    picture: NDArray[np.uint8], text: str, at: tuple[int, int], scale: Scale, colour: Colour
) -> None:
    width = text_width(text, scale.text) + 2 * scale.gap
    height = _tag_height(scale)
    x = max(0, min(at[0], picture.shape[1] - width))
    y = max(0, at[1])
    cv2.rectangle(picture, (x, y), (x + width, y + height - 1), colour, cv2.FILLED)
    draw_text(picture, text, (x + scale.gap, y + scale.gap // 2), scale.text, ink_on(colour))


def _draw_panel(
    picture: NDArray[np.uint8], place: tuple[int, int], expression: Expression, scale: Scale
) -> None:
    x, y = place
    width, height = panel_size(scale)
    area = picture[y : y + height, x : x + width]
    paper = np.full_like(area, INK)
    area[:] = cv2.addWeighted(paper, PANEL_OPACITY, area, 1.0 - PANEL_OPACITY, 0.0)
    row = line_height(scale.text)
    left = x + _label_width(scale) + 3 * scale.gap
    length = _bar_length(scale)
    for index, (label, probability) in enumerate(expression.by_label.items()):
        top = y + scale.gap + index * row
        chosen = label == expression.label
        draw_text(picture, label, (x + scale.gap, top), scale.text, PAPER)
        first, last = top + row // 5, top + row - row // 5
        cv2.rectangle(picture, (left, first), (left + length, last), FAINT, cv2.FILLED)
        filled = left + round(length * probability)
        if filled > left:
            colour = EXPRESSION_COLOURS[label]
            cv2.rectangle(picture, (left, first), (filled, last), colour, cv2.FILLED)
        if chosen:
            cv2.rectangle(picture, (left, first), (left + length, last), PAPER, 1)


def panel_size(scale: Scale) -> tuple[int, int]:
    """Return width and height in pixels of the panel with a face's bars."""
    width = 4 * scale.gap + _label_width(scale) + _bar_length(scale) + 1
    return width, 2 * scale.gap + len(EXPRESSIONS) * line_height(scale.text)


def _label_width(scale: Scale) -> int:
    return max(text_width(label, scale.text) for label in EXPRESSIONS)


def _bar_length(scale: Scale) -> int:
    return round(scale.text * 4.5)


def _with_tags(face: SeenFace, scale: Scale) -> Box:
    x, y, width, height = face.box
    tag = _tag_height(scale)
    texts = _label(face), _mask_label(face)
    widest = max(text_width(text, scale.text) for text in texts) + 2 * scale.gap
    return x, y - tag, max(width, widest), height + 2 * tag


def _tag_height(scale: Scale) -> int:
    return line_height(scale.text) + scale.gap


def draw_notice(bgr: NDArray[np.uint8], notice: str) -> NDArray[np.uint8]:
    """Return a copy of a picture, dimmed, with words at its top left.

    Args:
        bgr: uint8 H×W×3 in B, G, R order.
        notice: One line.
    """
    picture = np.asarray(cv2.addWeighted(bgr, 0.35, np.zeros_like(bgr), 0.65, 0.0), np.uint8)
    scale = scale_for(picture.shape[1], picture.shape[0])
    _draw_tag(picture, notice, (scale.gap, scale.gap), scale, PAPER)
    return picture
