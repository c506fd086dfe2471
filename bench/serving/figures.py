"""Measured figures with their spread and the goals they are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.table import Table

_LOW, _HIGH = 5, 95


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be.

    Attributes:
        bound: At least this, or at most.
        at_least: Which of the two.
    """

    bound: float
    at_least: bool = True

    def is_met_by(self, value: float) -> bool:
        """Tell whether a value is good enough."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of what several rounds measured.

    Attributes:
        part: Which part of the bench it belongs to.
        name: What was measured.
        median: The middle of the rounds.
        low: Their 5th percentile.
        high: Their 95th percentile.
        unit: Of all three; empty for ratios and counts.
        goal: What the median is held against.
        note: What else is to be known.
    """

    part: str
    name: str
    median: float
    low: float
    high: float
    unit: str = ""
    goal: Goal | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None: there is none."""
        return None if self.goal is None else self.goal.is_met_by(self.median)


def figure(
    part: str,
    name: str,
    values: Sequence[float],
    unit: str = "",
    *,
    goal: Goal | None = None,
    note: str = "",
) -> Figure:
    """Return the median of the rounds' values and their 5–95 % range.

    Raises:
        ValueError: There is no value.
    """
    if not values:
        raise ValueError(f"nothing was measured of {name!r}")
    low, median, high = (float(each) for each in np.percentile(values, (_LOW, 50, _HIGH)))
    return Figure(part, name, median, low, high, unit, goal, note)


def ratio(
    part: str, name: str, over: Sequence[float], under: Sequence[float], goal: Goal | None = None
) -> Figure:
    """Return the figure of the ratios round by round, so that what slows a round slows both."""
    return figure(part, name, [a / b for a, b in zip(over, under, strict=True)], "×", goal=goal)


def table_of(figures: Sequence[Figure]) -> Table:
    """Return the figures as a table to print."""
    table = Table(title="classification as a serving system: medians of the rounds, 5–95 %")
    for heading in ("part", "what", "median", "5–95 %", "goal", "met", "note"):
        right = heading in ("median", "5–95 %", "goal")
        table.add_column(
            heading, justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    for each in figures:
        met = {True: "yes", False: "no", None: ""}[each.is_met]
        spread = f"{each.low:.4g}–{each.high:.4g}"
        median = f"{each.median:.4g} {each.unit}".rstrip()
        goal = "" if each.goal is None else str(each.goal)
        table.add_row(each.part, each.name, median, spread, goal, met, each.note)
    return table


def as_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Return the figures as JSON takes them."""
    return [asdict(each) | {"met": each.is_met} for each in figures]
