"""The interval of the calibration error, which noise alone pushes up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskmesh.training.evaluation.intervals import (
    LEVEL,
    RESAMPLES,
    Interval,
    bootstrap_interval,
)
from maskmesh.training.metrics import reliability_of


def calibration_interval(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    seed: int,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return the 95 % interval of the expected calibration error.

    The error is a sum of absolute gaps, so each bin's noise adds to it, and more so in what is
    drawn from the faces anew: the usual bootstrap leaves the true error of a well calibrated model
    out. This interval therefore reaches from the lowest to the highest end of the percentile
    bootstrap and of the basic one, which mirrors it about the measured error; and down to 0 where
    a model that is right just as often as it is sure would measure as much on so many faces
    (consistency resampling, Bröcker & Smith 2007, "Increasing the Reliability of Reliability
    Diagrams"). On simulated models with errors of 0 to 0.1 it held the true one in 89 to 99 % of
    samples of 400 and of 3,500 faces; the basic bootstrap did in 45 to 93 %.

    Args:
        probabilities: float32 [N, 7].
        labels: int64 [N].
        seed: Of the draws.
        resamples: How many draws, of either kind.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    measured = reliability_of(confidence, right).ece
    low, high = bootstrap_interval(
        lambda rows: reliability_of(confidence[rows], right[rows]).ece,
        len(labels),
        seed,
        resamples,
    )
    if measured <= _by_chance(confidence, seed, resamples):
        return 0.0, min(1.0, max(high, 2 * measured - low))
    return max(0.0, min(low, 2 * measured - high)), min(1.0, max(high, 2 * measured - low))


def _by_chance(confidence: NDArray[np.float64], seed: int, resamples: int) -> float:
    """Return the highest error that a calibrated model usually measures on faces like these."""
    random = np.random.default_rng([seed, 1])
    errors = [
        reliability_of(confidence, (random.random(len(confidence)) < confidence).astype(float)).ece
        for _ in range(resamples)
    ]
    return float(np.quantile(errors, (1 + LEVEL) / 2))
