"""How far a number may be off because the faces are only a sample: 95 % confidence intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, bootstrap

LEVEL = 0.95
RESAMPLES = 1000

Interval = tuple[float, float]
Statistic = Callable[[NDArray[np.int64]], float]


def wilson_interval(right: int, total: int) -> Interval | None:
    """Return the interval of a share, as of an accuracy or a recall.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".

    Args:
        right: How many are right, 0 to `total`.
        total: How many there are.

    Returns:
        Low and high, 0 to 1; None where there is nothing to judge by.
    """
    if total == 0:
        return None
    found = binomtest(right, total).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def bootstrap_interval(
    statistic: Statistic, count: int, seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Return the interval of a number from 0 to 1 that no formula gives one for.

    The faces are drawn anew with replacement, `resamples` times; the interval holds the middle of
    what they give (percentile bootstrap, Efron & Tibshirani 1993, "An Introduction to the
    Bootstrap", section 13.3).

    Args:
        statistic: Takes rows, int64 [count] of 0 to count - 1, and returns the number of them.
        count: How many faces there are.
        seed: Of the draws; the same seed gives the same interval.
        resamples: How many draws.
    """
    if count < 2:
        return 0.0, 1.0
    found = bootstrap(
        (np.arange(count),),
        statistic,
        n_resamples=resamples,
        vectorized=False,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)
