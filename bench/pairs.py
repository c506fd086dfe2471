"""Paired timing: two ways of the same work in turn, so that a drift of the machine hits both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class PairedTimes:
    """Seconds per call of two ways, pair by pair.

    Attributes:
        first: Seconds of each call of the first way.
        second: Seconds of each call of the second way, run next to it.
    """

    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The rate of the first way as a share of the second's: the median over the pairs."""
        return float(np.median(np.array(self.second) / np.array(self.first)))

    @property
    def ratio_interval(self) -> tuple[float, float]:
        """The 5th and 95th percentile of the pairs' ratios."""
        low, high = np.percentile(np.array(self.second) / np.array(self.first), [5, 95])
        return float(low), float(high)


def time_pairs(
    first: Callable[[], object],
    second: Callable[[], object],
    pairs: int,
    *,
    warm_up: int = 5,
    advance: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> PairedTimes:
    """Time two ways in turn; which goes first alternates.

    Args:
        first: One way of doing the work once.
        second: The other way.
        pairs: How many pairs to time.
        warm_up: How often each runs untimed before.
        advance: Called after every timed pair, e.g. to show progress.
        clock: Seconds that go by: of the wall, or of the processor.
    """
    for _ in range(warm_up):
        first()
        second()
    times: tuple[list[float], list[float]] = ([], [])
    for index in range(pairs):
        order = (0, 1) if index % 2 == 0 else (1, 0)
        for way in order:
            started = clock()
            (first, second)[way]()
            times[way].append(clock() - started)
        advance()
    return PairedTimes(tuple(times[0]), tuple(times[1]))
