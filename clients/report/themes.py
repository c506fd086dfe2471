"""The colours and sizes of plots: for a picture file, and for a page in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl

from maskmesh.clients.streaming.palette import EXPRESSION_COLOURS, hexadecimal, ink_on

CLASS_COLOURS = {name: hexadecimal(colour) for name, colour in EXPRESSION_COLOURS.items()}
CLASS_INKS = {name: hexadecimal(ink_on(colour)) for name, colour in EXPRESSION_COLOURS.items()}


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours beside those of the expressions, which are the same everywhere.

    Attributes:
        ink: Of text and edges.
        paper: Behind everything; "none" leaves it to the page.
        faint: Of grids.
        mask: Of the mask.
    """

    ink: str
    paper: str
    faint: str
    mask: str


LIGHT = Theme(ink="#181818", paper="#ffffff", faint="#d0d0d0", mask="#6b7280")

# No colours but names: the page's style sheet says what they are, in light and in dark.
PAGE = Theme(ink="#010203", paper="none", faint="#010204", mask="#010205")
PAGE_VARIABLES = {PAGE.ink: "var(--ink)", PAGE.faint: "var(--faint)", PAGE.mask: "var(--mask)"}


@dataclass(frozen=True, slots=True)
class Shape:
    """How wide a plot is.

    Attributes:
        inches: Width; text has 10 points, 1/72 inch each, whatever the width.
        is_narrow: Whether words beside the plot are short.
    """

    inches: float
    is_narrow: bool


WIDE = Shape(9.2, is_narrow=False)
NARROW = Shape(4.2, is_narrow=True)


@contextmanager
def drawn_in(theme: Theme) -> Iterator[None]:
    """Let Matplotlib draw and save in a theme within the block."""
    with mpl.rc_context(
        {
            "axes.edgecolor": theme.ink,
            "axes.facecolor": "none",
            "axes.labelcolor": theme.ink,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.facecolor": theme.paper,
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "grid.color": theme.faint,
            "legend.frameon": False,
            "patch.linewidth": 0.6,
            "svg.fonttype": "none",
            "svg.hashsalt": "maskmesh",
            "text.color": theme.ink,
            "text.parse_math": False,
            "xtick.color": theme.ink,
            "ytick.color": theme.ink,
        }
    ):
        yield
