"""Values over time in few numbers: the longer a run, the wider the steps that are averaged."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FIRST_STEP_S = 0.1
MOST_STEPS = 200
"""A curve has at most so many steps: when time goes beyond, pairs of steps become one."""


@dataclass(slots=True)
class Clock:
    """The steps of time of one curve, from the first time on.

    Attributes:
        step_s: Seconds in a step: 0.1, and doubled as often as needed.
        doublings: How often it was doubled.
        first_s: The first time, where step 0 begins; None before it.
        last_s: The latest time.
    """

    step_s: float = FIRST_STEP_S
    doublings: int = 0
    first_s: float | None = None
    last_s: float = 0.0

    def step_of(self, time_s: float) -> int:
        """Return the number of a time's step, from 0; widens the steps if it lies beyond all."""
        if self.first_s is None:
            self.first_s = time_s
        self.last_s = max(self.last_s, time_s)
        since_s = time_s - self.first_s
        longest_s = self.step_s * MOST_STEPS
        if since_s > longest_s:
            wider = math.ceil(math.log2(since_s / longest_s))
            self.doublings += wider
            self.step_s *= 2.0**wider
        # The tiny part keeps 0.3 from falling below the third step of 0.1.
        return int(since_s / self.step_s + 1e-6)

    def start_of(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return when steps begin, float64 seconds, as many as there are steps."""
        return np.asarray((self.first_s or 0.0) + steps * self.step_s, np.float64)


@dataclass(slots=True)
class Curve:
    """Sums of several values in each step of a clock; steps without any hold nothing.

    Attributes:
        clock: The steps.
        width: How many values are summed.
    """

    clock: Clock
    width: int
    _sums: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    _doublings: int = 0

    def __post_init__(self) -> None:
        self._doublings = self.clock.doublings

    def add(self, step: int, values: NDArray[np.float64]) -> None:
        """Add float64 (width,) to a step of the clock."""
        self._catch_up()
        if step in self._sums:
            self._sums[step] += values
        else:
            self._sums[step] = values.copy()

    def steps(self) -> NDArray[np.int64]:
        """Return the numbers of the steps that hold anything, in order."""
        self._catch_up()
        return np.array(sorted(self._sums), dtype=np.int64)

    def sums(self) -> NDArray[np.float64]:
        """Return float64 (N, width): the sums of those steps."""
        self._catch_up()
        if not self._sums:
            return np.zeros((0, self.width))
        return np.stack([self._sums[step] for step in sorted(self._sums)])

    def _catch_up(self) -> None:
        while self._doublings < self.clock.doublings:
            halved: dict[int, NDArray[np.float64]] = {}
            for step, values in self._sums.items():
                if step // 2 in halved:
                    halved[step // 2] += values
                else:
                    halved[step // 2] = values
            self._sums = halved
            self._doublings += 1
