"""One temperature for all faces, masked or not, and what it is worth on faces it was not fitted on.

Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from maskmesh.training.metrics import expected_calibration_error
from maskmesh.training.targets import LEAST_PROBABILITY, softened

# A network that is right on every face would ask for 0.
LOWEST, HIGHEST = 0.2, 5.0

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """Expected calibration error, 15 bins, of one set of faces.

    Attributes:
        before: At temperature 1.
        after: Every face at the temperature that was fitted on the half it does not belong to.
    """

    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature, and what it is worth.

    Attributes:
        temperature: Fitted on all faces.
        of_halves: Fitted on each half of them.
        errors: For each set of faces.
    """

    temperature: float
    of_halves: tuple[float, float]
    errors: dict[str, CalibrationError]


def calibrate(sets: Mapping[str, Floats], labels: Labels, seed: int = 0) -> Calibration:
    """Fit one temperature to all sets, and judge it crosswise.

    Args:
        sets: Probabilities [N, 7] of the same N faces in the same order, e.g. masked and unmasked.
            All versions of a face fall into the same half.
        labels: int64 [N], at least two.
        seed: Divides the faces.
    """
    second_half = np.random.default_rng(seed).permutation(len(labels)) % 2 == 1
    of_halves = tuple(_fit_to(sets, labels, half) for half in (~second_half, second_half))
    errors = {}
    for name, probabilities in sets.items():
        crosswise = np.empty_like(probabilities)
        for temperature, judged in zip(of_halves, (second_half, ~second_half), strict=True):
            crosswise[judged] = softened(probabilities[judged], temperature)
        errors[name] = CalibrationError(
            before=expected_calibration_error(probabilities, labels),
            after=expected_calibration_error(crosswise, labels),
        )
    everyone = np.ones(len(labels), bool)
    return Calibration(_fit_to(sets, labels, everyone), (of_halves[0], of_halves[1]), errors)


def fit_temperature(probabilities: Floats, labels: Labels) -> float:
    """Return the temperature, 0.2 to 5, at which the labels are likeliest.

    Args:
        probabilities: [N, 7].
        labels: int64 [N].
    """
    logarithms = np.log(np.maximum(probabilities.astype(np.float64), LEAST_PROBABILITY))

    def unlikeliness(log_temperature: float) -> float:
        scaled = logarithms / np.exp(log_temperature)
        own = np.take_along_axis(scaled, labels[:, None], axis=1)[:, 0]
        return float((logsumexp(scaled, axis=1) - own).mean())

    bounds = (np.log(LOWEST), np.log(HIGHEST))
    found = minimize_scalar(unlikeliness, bounds=bounds, method="bounded", options={"xatol": 1e-5})
    return float(np.exp(found.x))


def _fit_to(sets: Mapping[str, Floats], labels: Labels, chosen: NDArray[np.bool_]) -> float:
    together = np.concatenate([probabilities[chosen] for probabilities in sets.values()])
    return fit_temperature(together, np.tile(labels[chosen], len(sets)))
