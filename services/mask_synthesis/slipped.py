"""How a style is drawn when its mask slid down: its sides stay up, its straps lead to the ears."""

from __future__ import annotations

from dataclasses import dataclass, replace

from maskmesh.services.mask_synthesis.canvas import Margins
from maskmesh.services.mask_synthesis.outlines import Outline
from maskmesh.services.mask_synthesis.positions import BELOW_NOSE, ON_CHIN
from maskmesh.services.mask_synthesis.straps import Strap


@dataclass(frozen=True, slots=True)
class Slip:
    """What sliding down changes; heights in shares from the top (0) to the bottom (1) pivots.

    Attributes:
        sides: How far the upper corners rise over where they are drawn properly.
        hollow: Share of the half angle over which the top edge rises from the middle.
        lower: How far the lower corners rise.
        ears: How far the ears lie higher.
    """

    sides: float
    hollow: float
    lower: float
    ears: float


SLIPS = {
    BELOW_NOSE: Slip(sides=0.22, hollow=0.80, lower=0.08, ears=0.26),
    ON_CHIN: Slip(sides=0.52, hollow=0.85, lower=0.42, ears=1.15),
}


def slipped_outline(outline: Outline, position: str) -> Outline:
    """Return the outline of a style that is worn in a position."""
    slip = SLIPS.get(position)
    if slip is None:
        return outline
    return replace(
        outline,
        drop=outline.drop - slip.sides,
        nose_width=slip.hollow,
        lift=outline.lift + slip.lower,
    )


def slipped_straps(straps: tuple[Strap, ...], position: str) -> tuple[Strap, ...]:
    """Return the straps of a style that is worn in a position."""
    slip = SLIPS.get(position)
    if slip is None:
        return straps
    return tuple(replace(strap, ends=strap.ends - slip.ears) for strap in straps)


def slipped_margins(margins: Margins, position: str) -> Margins:
    """Return the canvas around the pivots that a style needs in a position."""
    slip = SLIPS.get(position)
    if slip is None:
        return margins
    return replace(margins, top=margins.top + max(slip.sides, slip.ears))
