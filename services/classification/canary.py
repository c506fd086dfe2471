"""A version on trial: which calls it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from maskmesh.services.runtime.errors import InvalidInputError


class Route(Enum):
    """Which version a caller asks for."""

    BY_SHARE = "by share"
    STEADY = "never"
    CANARY = "always"


@dataclass(frozen=True, slots=True)
class CanaryPlan:
    """What is on trial.

    Attributes:
        version: Name of the version.
        percent: Its share of the calls that do not ask for a version, 0 to 100.

    Raises:
        InvalidInputError: The share is none.
    """

    version: str
    percent: float

    def __post_init__(self) -> None:
        if not 0 <= self.percent <= 100:
            raise InvalidInputError(
                f"a canary cannot answer {self.percent} percent of the calls: give 0 to 100"
            )


class Shares:
    """Gives out calls so that the share is met over any number of them, without chance."""

    def __init__(self) -> None:
        self._due = 0.0

    def is_due(self, percent: float) -> bool:
        """Tell whether the next call is among the `percent` of a hundred."""
        self._due += percent
        if self._due < 100:
            return False
        self._due -= 100
        return True
