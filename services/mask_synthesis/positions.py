"""How a mask is worn: over nose and mouth, below the nose, or on the chin."""

from __future__ import annotations

from maskmesh.services.mask_synthesis.colours import by_share
from maskmesh.services.runtime.errors import InvalidInputError

PROPER, BELOW_NOSE, ON_CHIN = "proper", "below_nose", "on_chin"
POSITIONS: tuple[str, ...] = (PROPER, BELOW_NOSE, ON_CHIN)
RANDOM = "random"
# How many of a hundred masks are worn so.
WORN_POSITIONS = {PROPER: 80, BELOW_NOSE: 12, ON_CHIN: 8}


def check_position(position: str) -> None:
    """Raise InvalidInputError unless `position` is one of POSITIONS or "random"."""
    if position not in (*POSITIONS, RANDOM):
        raise InvalidInputError(
            f"no mask position {position!r}: choose one of {', '.join(POSITIONS)}, or {RANDOM}"
        )


def choose_position(position: str, chance: float) -> str:
    """Decide how a mask is worn.

    Args:
        position: One of POSITIONS, or "random": as often as masks are worn so.
        chance: 0 to 1, decides what is left open.

    Raises:
        InvalidInputError: There is no such position.
    """
    check_position(position)
    return by_share(chance, WORN_POSITIONS) if position == RANDOM else position
