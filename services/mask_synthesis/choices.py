"""Which mask is put on: what the caller names, and the rest by chance as masks are worn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from maskmesh.services.mask_synthesis.colouring import Paint
from maskmesh.services.mask_synthesis.colours import (
    NAMED,
    Rgb,
    by_share,
    contrasting,
    luminance,
    near,
    parse_colour,
    random_colour,
)
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.patterns import MASK_PATTERNS, PLAIN
from maskmesh.services.mask_synthesis.user_masks import UserMask
from maskmesh.services.runtime.errors import InvalidInputError

RANDOM = "random"
# The pattern of a user's mask, which keeps the colours of its picture.
PICTURE = "picture"
# How many of a hundred masks are of a style.
WORN_STYLES = {
    "surgical": 34, "cloth": 24, "n95": 10, "kn95": 12, "bandana": 6, "gaiter": 8, "clear": 6,
}  # fmt: skip
# Of a hundred masks of a style, how many have a pattern.
PATTERNED = {"surgical": 3, "cloth": 30, "bandana": 65, "gaiter": 25, "clear": 15}
# A fabric darker than this has straps of its own colour, a lighter one white ones.
DARK = 90.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The mask that is put on.

    Attributes:
        style: Its style, or the name of a user's mask.
        pattern: Its pattern.
        colour: Its colour, of a user's mask the mean one.
        paint: What a drawn style is coloured with; None for a user's mask.
        own: The user's mask, or None for a drawn style.
    """

    style: str
    pattern: str
    colour: Rgb
    paint: Paint | None
    own: UserMask | None = None


def choose(
    style: str,
    colour: str,
    pattern: str,
    random: np.random.Generator,
    own: Mapping[str, UserMask] = MappingProxyType({}),
) -> Choice:
    """Decide what the caller left open.

    Args:
        style: One of MASK_STYLES, the name of a user's mask, or "random": one of MASK_STYLES,
            as often as it is worn.
        colour: One of MASK_COLOURS, #rrggbb, or "random".
        pattern: One of MASK_PATTERNS, or "random".
        random: Takes as many numbers from it whatever is left open, so that a face keeps its
            style when only a colour is named.
        own: The users' masks by name.

    Raises:
        InvalidInputError: There is no such style, colour or pattern, or a user's mask is to have
            another colour or pattern than its picture's.
    """
    _check("style", style, (*MASK_STYLES, *own))
    _check("pattern", pattern, MASK_PATTERNS)
    by_style, by_pattern, by_second = random.random(3).tolist()
    chosen = by_share(by_style, WORN_STYLES) if style == RANDOM else style
    any_colour = random_colour(chosen, random)
    first = any_colour if colour == RANDOM else parse_colour(colour)
    if chosen in own:
        return _own_choice(own[chosen], colour, pattern)
    if pattern == RANDOM:
        pattern = _random_pattern(chosen, by_pattern)
    paint = Paint(first, _second(first, pattern, by_second))
    return Choice(chosen, pattern, first, paint)


def _own_choice(mask: UserMask, colour: str, pattern: str) -> Choice:
    if (colour, pattern) != (RANDOM, RANDOM):
        raise InvalidInputError(
            f"the mask {mask.name!r} is a picture with colours of its own: "
            "leave its colour and pattern at random"
        )
    return Choice(mask.name, PICTURE, mask.colour, None, mask)


def _random_pattern(style: str, chance: float) -> str:
    patterned = PATTERNED.get(style, 0) / 100
    others = [name for name in MASK_PATTERNS if name != PLAIN]
    if chance >= patterned or not others:
        return PLAIN
    return others[int(chance / patterned * len(others))]


def _second(first: Rgb, pattern: str, chance: float) -> Rgb:
    if pattern == "camouflage":
        return near(first)
    if pattern != PLAIN:
        return contrasting(first, chance)
    return first if luminance(first) < DARK else NAMED["white"]


def _check(kind: str, choice: str, choices: tuple[str, ...]) -> None:
    if choice not in (*choices, RANDOM):
        raise InvalidInputError(
            f"no mask {kind} {choice!r}: choose one of {', '.join(choices)}, or {RANDOM}"
        )
