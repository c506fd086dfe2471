"""What the network should answer: smoothed and weighted labels, votes, and a teacher's answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskmesh.training.labels import CLASSES
from maskmesh.training.recipe import Recipe

Floats = NDArray[np.float32]

# What a probability counts as at least, before its logarithm is taken.
LEAST_PROBABILITY = 1e-7


def class_weights(labels: NDArray[np.int64], recipe: Recipe) -> Floats:
    """Return the weight of each class, float32 [7], such that faces weigh 1 on average.

    Source of the effective number of faces: Cui et al. 2019, "Class-Balanced Loss", equation 2.
    """
    counts = np.maximum(np.bincount(labels, minlength=len(CLASSES)), 1).astype(np.float64)
    strength = recipe.class_balance_strength
    if recipe.class_balance == "none":
        weights = np.ones(len(CLASSES))
    elif recipe.class_balance == "inverse":
        weights = (counts.sum() / counts) ** strength
    elif strength < 1:
        weights = (1 - strength) / (1 - strength**counts)
    else:
        weights = 1 / counts
    return np.asarray(weights / weights[labels].mean(), np.float32)


def class_targets(labels: NDArray[np.int64], recipe: Recipe, votes: Floats | None = None) -> Floats:
    """Return a row of seven for each face, which sums to the weight of its class.

    Args:
        labels: int64 [N].
        recipe: Smoothing, balance, and the share of the votes.
        votes: float32 [N, 7], shares of a crowd's votes; a row of NaN where nobody voted.
    """
    count = len(CLASSES)
    rows = np.eye(count, dtype=np.float32)[labels]
    if votes is not None:
        known = np.isfinite(votes).all(axis=1)
        share = recipe.soft_label_weight
        rows[known] = (1 - share) * rows[known] + share * votes[known]
    rows = rows * (1 - recipe.label_smoothing) + recipe.label_smoothing / count
    return np.asarray(rows * class_weights(labels, recipe)[labels, None], np.float32)


def softened(probabilities: Floats, temperature: float) -> Floats:
    """Return answers [N, 7] at a temperature: the softmax of log p / T."""
    logs = np.log(np.maximum(probabilities.astype(np.float64), LEAST_PROBABILITY)) / temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
