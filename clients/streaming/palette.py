"""Colours that colour-blind people can tell apart, fixed per expression."""

from __future__ import annotations

from maskmesh.services.runtime.expressions import EXPRESSIONS

Colour = tuple[int, int, int]
"""Blue, green, red, each 0 to 255, as OpenCV wants them."""

# Okabe & Ito, "Color Universal Design" (2008).
_ORANGE: Colour = (0, 159, 230)
_SKY_BLUE: Colour = (233, 180, 86)
_BLUISH_GREEN: Colour = (115, 158, 0)
_YELLOW: Colour = (66, 228, 240)
_BLUE: Colour = (178, 114, 0)
_VERMILLION: Colour = (0, 94, 213)
_REDDISH_PURPLE: Colour = (167, 121, 204)

EXPRESSION_COLOURS: dict[str, Colour] = dict(
    zip(
        EXPRESSIONS,
        (_VERMILLION, _BLUISH_GREEN, _REDDISH_PURPLE, _YELLOW, _SKY_BLUE, _BLUE, _ORANGE),
        strict=True,
    )
)

INK: Colour = (24, 24, 24)
PAPER: Colour = (255, 255, 255)
FAINT: Colour = (90, 90, 90)

INK_FROM_LUMA = 96.0
"""Between blue and green: either way the contrast of text is 4.5 or more (WCAG 2.2, 1.4.3)."""


def hexadecimal(colour: Colour) -> str:
    """Return a colour as pages and plots want it, e.g. "#d55e00"."""
    blue, green, red = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def luma(colour: Colour) -> float:
    """Return how bright a colour looks, 0 to 255 (ITU-R BT.601)."""
    blue, green, red = colour
    return 0.114 * blue + 0.587 * green + 0.299 * red


def ink_on(colour: Colour) -> Colour:
    """Return the colour in which text on a colour can be read: ink or paper."""
    return INK if luma(colour) > INK_FROM_LUMA else PAPER
