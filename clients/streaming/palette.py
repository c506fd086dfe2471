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
