"""Colours of masks: names, #rrggbb, and what is seen in the street, drawn by chance."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping

import numpy as np

from maskmesh.services.runtime.errors import InvalidInputError

Rgb = tuple[int, int, int]

NAMED: dict[str, Rgb] = {
    "white": (222, 226, 229),
    "black": (40, 40, 44),
    "gray": (132, 136, 140),
    "blue": (142, 190, 220),
    "navy": (38, 50, 86),
    "green": (150, 204, 184),
    "teal": (48, 128, 130),
    "olive": (96, 100, 66),
    "yellow": (234, 206, 104),
    "orange": (222, 126, 58),
    "red": (178, 32, 48),
    "wine": (108, 26, 48),
    "pink": (232, 170, 186),
    "purple": (112, 78, 142),
    "beige": (214, 190, 160),
    "brown": (110, 78, 58),
}
MASK_COLOURS: tuple[str, ...] = tuple(NAMED)

# What is worn, in parts of a hundred: drawn from what photos of masked people show.
WORN: dict[str, dict[str, int]] = {
    "surgical": {"blue": 56, "white": 20, "green": 8, "black": 10, "pink": 4, "gray": 2},
    "cloth": {
        "black": 38, "gray": 12, "navy": 10, "white": 10, "red": 6, "wine": 4, "beige": 4,
        "pink": 4, "green": 2, "teal": 3, "purple": 3, "olive": 2, "yellow": 1, "brown": 1,
    },
    "n95": {"white": 84, "gray": 6, "beige": 4, "black": 4, "blue": 2},
    "kn95": {"white": 66, "black": 18, "gray": 8, "pink": 4, "blue": 4},
    "bandana": {
        "red": 26, "navy": 22, "black": 22, "gray": 6, "olive": 6, "wine": 6, "white": 4,
        "teal": 3, "orange": 3, "purple": 2,
    },
    "gaiter": {
        "black": 46, "gray": 14, "navy": 12, "olive": 6, "teal": 5, "red": 5, "wine": 4,
        "blue": 4, "brown": 2, "orange": 2,
    },
    "clear": {"white": 34, "black": 24, "blue": 16, "gray": 8, "navy": 6, "pink": 6, "green": 6},
}  # fmt: skip
# How far a chance colour strays from its name: hue in turns, the others as factors.
HUE_SPREAD = 0.012
SATURATION_SPREAD = 0.18
BRIGHTNESS_SPREAD = 0.09
PRINTED_ON_LIGHT = ("navy", "black", "red", "teal", "gray")
PRINTED_ON_DARK = ("white", "beige", "gray")
# Between the luma of two colours of a pattern.
MIN_CONTRAST = 60.0
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def parse_colour(text: str) -> Rgb:
    """Read a colour's name, one of MASK_COLOURS, or #rrggbb.

    Returns:
        R, G, B, 0 to 255.

    Raises:
        InvalidInputError: It is neither.
    """
    if text in NAMED:
        return NAMED[text]
    if _HEX.fullmatch(text):
        return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
    raise InvalidInputError(
        f"no mask colour {text!r}: choose one of {', '.join(MASK_COLOURS)}, or random, "
        "or give #rrggbb, like #a01830"
    )


def hex_colour(colour: Rgb) -> str:
    """Write a colour as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def random_colour(style: str, random: np.random.Generator) -> Rgb:
    """Draw a colour as it is worn: a name by its share, then hue, saturation, brightness near it.

    Args:
        style: One of MASK_STYLES; any other wears what cloth masks wear.
        random: Takes four numbers from it.
    """
    place, hue, saturation, brightness = random.random(4).tolist()
    name = by_share(place, WORN.get(style, WORN["cloth"]))
    return _strayed(NAMED[name], 2 * hue - 1, 2 * saturation - 1, 2 * brightness - 1)


def contrasting(colour: Rgb, choice: float) -> Rgb:
    """Choose the second colour of a pattern on `colour`.

    Args:
        colour: The first colour.
        choice: 0 to 1, less than 1.
    """
    here = luminance(colour)
    names = PRINTED_ON_LIGHT if here > 120 else PRINTED_ON_DARK
    apart = [name for name in names if abs(luminance(NAMED[name]) - here) > MIN_CONTRAST]
    return NAMED[apart[int(choice * len(apart))]]


def near(colour: Rgb) -> Rgb:
    """Return a colour of the same kind: darker than a light one, lighter than a dark one."""
    if luminance(colour) > 70:
        red, green, blue = (round(0.55 * part) for part in colour)
    else:
        red, green, blue = (round(60 + 0.9 * part) for part in colour)
    return red, green, blue


def by_share(place: float, shares: Mapping[str, int]) -> str:
    """Return the name at a place, 0 to less than 1, where names lie one after the other."""
    reached = 0
    for name, share in shares.items():
        reached += share
        if place * sum(shares.values()) < reached:
            return name
    raise ValueError(f"the place {place} is not under 1")


def luminance(colour: Rgb) -> float:
    """Luma, 0 to 255, by ITU-R BT.601."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def _strayed(colour: Rgb, hue: float, saturation: float, brightness: float) -> Rgb:
    h, s, v = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    h = (h + HUE_SPREAD * hue) % 1.0
    s = min(1.0, s * (1 + SATURATION_SPREAD * saturation))
    v = min(0.95, v * (1 + BRIGHTNESS_SPREAD * brightness))
    red, green, blue = (round(part * 255) for part in colorsys.hsv_to_rgb(h, s, v))
    return red, green, blue
