"""Where things go on a picture: sizes that fit its width, and panels that hide no face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maskmesh.clients.mesh.results import Box


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes in pixels that suit a picture.

    Attributes:
        text: Size of the font.
        line: Thickness of a face's frame.
        gap: Space between things.
    """

    text: int
    line: int
    gap: int


def scale_for(width: int, height: int) -> Scale:
    """Return sizes that can be read on a picture of that many pixels."""
    reference = min(width, height * 4 / 3)
    text = round(min(max(5.5 + reference * 0.012, 10.0), 64.0))
    return Scale(text=text, line=max(2, round(reference / 400)), gap=max(2, text // 4))


def place_beside(
    box: Box, size: tuple[int, int], taken: Sequence[Box], picture: tuple[int, int], gap: int
) -> tuple[int, int]:
    """Find the place next to a box where a panel hides the least.

    Args:
        box: The face that the panel belongs to.
        size: Width and height of the panel.
        taken: Boxes that should stay visible, the face's own among them.
        picture: Width and height of the picture.
        gap: Space between box and panel.

    Returns:
        x, y of the panel's top left corner; the panel lies inside the picture if it fits at all.
    """
    x, y, width, height = box
    panel_width, panel_height = size
    candidates = [
        (x + width + gap, y),
        (x - panel_width - gap, y),
        (x + width + gap, y + height - panel_height),
        (x - panel_width - gap, y + height - panel_height),
        (x, y + height + gap),
        (x, y - panel_height - gap),
    ]
    inside = [_pushed_inside(place, size, picture) for place in candidates]

    def hidden(place: tuple[int, int]) -> int:
        return sum(overlap((*place, *size), other) for other in taken)

    # min keeps the first of equals: the right side is preferred, so that panels don't jump about.
    return min(inside, key=hidden)


def overlap(first: Box, second: Box) -> int:
    """Return the area in pixels that two boxes share."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(0, width) * max(0, height)


def _pushed_inside(
    place: tuple[int, int], size: tuple[int, int], picture: tuple[int, int]
) -> tuple[int, int]:
    x, y = (
        max(0, min(start, whole - part))
        for start, part, whole in zip(place, size, picture, strict=True)
    )
    return x, y
