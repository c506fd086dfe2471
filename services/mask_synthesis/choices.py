"""Which mask is put on: what the caller names, and the rest by chance as masks are worn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maskmesh.services.mask_synthesis.colouring import Paint
from maskmesh.services.mask_synthesis.colours import (
    NAMED,
    Rgb,
    contrasting,
    luminance,
    parse_colour,
    random_colour,
)
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.patterns import MASK_PATTERNS, PLAIN
from maskmesh.services.runtime.errors import InvalidInputError

RANDOM = "random"
# Of a hundred masks of a style, how many have a pattern.
PATTERNED = {"surgical": 3, "cloth": 30, "bandana": 65, "gaiter": 25, "clear": 15}
# A fabric darker than this has straps of its own colour, a lighter one white ones.
DARK = 90.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The mask that is put on: its style, its pattern and its colours."""

    style: str
    pattern: str
    paint: Paint


def choose(style: str, colour: str, pattern: str, random: np.random.Generator) -> Choice:
    """Decide what the caller left open.

    Args:
        style: One of MASK_STYLES, or "random".
        colour: One of MASK_COLOURS, #rrggbb, or "random".
        pattern: One of MASK_PATTERNS, or "random".
        random: Takes as many numbers from it whatever is left open, so that a face keeps its
            style when only a colour is named.

    Raises:
        InvalidInputError: There is no such style, colour or pattern.
    """
    _check("style", style, MASK_STYLES)
    _check("pattern", pattern, MASK_PATTERNS)
    by_style, by_pattern, by_second = random.random(3).tolist()
    if style == RANDOM:
        style = MASK_STYLES[int(by_style * len(MASK_STYLES))]
    any_colour = random_colour(style, random)
    first = any_colour if colour == RANDOM else parse_colour(colour)
    if pattern == RANDOM:
        pattern = _random_pattern(style, by_pattern)
    return Choice(style, pattern, Paint(first, _second(first, pattern, by_second)))


def _random_pattern(style: str, chance: float) -> str:
    patterned = PATTERNED.get(style, 0) / 100
    others = [name for name in MASK_PATTERNS if name != PLAIN]
    if chance >= patterned or not others:
        return PLAIN
    return others[int(chance / patterned * len(others))]


def _second(first: Rgb, pattern: str, chance: float) -> Rgb:
    if pattern != PLAIN:
        return contrasting(first, chance)
    return first if luminance(first) < DARK else NAMED["white"]


def _check(kind: str, choice: str, choices: tuple[str, ...]) -> None:
    if choice not in (*choices, RANDOM):
        raise InvalidInputError(
            f"no mask {kind} {choice!r}: choose one of {', '.join(choices)}, or {RANDOM}"
        )
