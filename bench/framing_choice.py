"""Which framing is best, how sure that is, and what it gains over the present one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from maskmesh.bench.framing_faces import Framing

ROUNDS = 2000
LEVEL = 0.95
PRESENT = Framing()
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the model said of the faces of one set, cut out in different ways.

    Attributes:
        name: Of the set.
        framings: How they were cut out.
        right: bool [2, framings, faces]: whether the label was right, unmasked and masked.
        left_out: How many faces are not in it, since no mask could be put on them.
    """

    name: str
    framings: tuple[Framing, ...]
    right: NDArray[np.bool_]
    left_out: int

    def row(self, framing: Framing, masked: bool) -> NDArray[np.bool_]:
        """Return which faces were right, bool [faces]."""
        return np.asarray(self.right[int(masked), self.framings.index(framing)])

    def scores(self, framings: Sequence[Framing]) -> NDArray[np.float64]:
        """Return [framings, faces]: 0, ½ or 1, the mean over unmasked and masked."""
        rows = [self.framings.index(framing) for framing in framings]
        return np.asarray(self.right[:, rows].mean(axis=0))


@dataclass(frozen=True, slots=True)
class Gain:
    """Accuracy gained over the present framing, on faces that had no say in the choice.

    Attributes:
        gain: Difference of accuracies, masked and unmasked counting alike.
        interval: Its 95 % interval: percentiles of a paired bootstrap over faces.
    """

    gain: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Choice:
    """The best framing of one set.

    Attributes:
        framing: The one with the highest accuracy.
        scale: 95 % interval of its scale: percentiles of a bootstrap over faces.
        dy: 95 % interval of its shift down.
    """

    framing: Framing
    scale: Interval
    dy: Interval


def accuracy_interval(right: NDArray[np.bool_]) -> Interval:
    """Return the 95 % Wilson interval of an accuracy."""
    result = binomtest(int(right.sum()), len(right)).proportion_ci(LEVEL, method="wilson")
    return float(result.low), float(result.high)


def choose(judged: Judged, candidates: Sequence[Framing], seed: int) -> Choice:
    """Choose the best of several framings; of equally good ones, the first."""
    scores = judged.scores(candidates)
    picks = (scores @ _resamples(scores.shape[1], seed)).argmax(axis=0)
    scales = np.array([framing.scale for framing in candidates])[picks]
    shifts = np.array([framing.dy for framing in candidates])[picks]
    best = candidates[int(scores.mean(axis=1).argmax())]
    return Choice(best, _percentiles(scales), _percentiles(shifts))


def gain_of(judged: Judged, framing: Framing, seed: int) -> Gain:
    """Return what a framing that was chosen on other faces gains over the present one."""
    chosen, present = judged.scores((framing, PRESENT))
    return _gain(chosen - present, seed)


def cross_fitted_gain(judged: Judged, candidates: Sequence[Framing], seed: int) -> Gain:
    """Return what choosing gains: on each half of the faces, the best framing of the other.

    The best of many framings looks better than it is on the faces it was chosen on.
    """
    scores = judged.scores(candidates)
    present = judged.scores((PRESENT,))[0]
    gains = np.empty_like(present)
    for half in (0, 1):
        best = int(scores[:, 1 - half :: 2].mean(axis=1).argmax())
        gains[half::2] = scores[best, half::2] - present[half::2]
    return _gain(gains, seed)


def _gain(per_face: NDArray[np.float64], seed: int) -> Gain:
    counts = _resamples(len(per_face), seed)
    return Gain(float(per_face.mean()), _percentiles(per_face @ counts / len(per_face)))


def _resamples(faces: int, seed: int) -> NDArray[np.float64]:
    """Return [faces, ROUNDS]: how often each face is drawn in each round of a bootstrap."""
    random = np.random.default_rng(seed)
    counts = random.multinomial(faces, np.full(faces, 1.0 / faces), size=ROUNDS)
    return counts.T.astype(np.float64)


def _percentiles(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, ((1.0 - LEVEL) / 2, (1.0 + LEVEL) / 2))
    return float(low), float(high)
