from __future__ import annotations

import numpy as np
import pytest

from maskmesh.training.evaluation.calibration_interval import calibration_interval
from maskmesh.training.metrics import expected_calibration_error


def answers_of(random: np.random.Generator, count: int, too_sure: float):
    """Probabilities and labels of a model that is right less often than it is sure."""
    confidence = random.uniform(0.4, 1.0, count)
    labels = np.where(random.random(count) < confidence - too_sure, 0, 1)
    probabilities = np.zeros((count, 7), np.float32)
    probabilities[:, 0] = confidence
    probabilities[:, 2:] = (1 - confidence)[:, None] / 5
    return probabilities, labels


@pytest.mark.parametrize(("too_sure", "least"), [(0.0, 18), (0.05, 16)])
def test_true_errors_are_mostly_inside(too_sure: float, least: int) -> None:
    random = np.random.default_rng(0)
    inside = 0
    for seed in range(20):
        low, high = calibration_interval(*answers_of(random, 500, too_sure), seed, resamples=60)
        inside += low <= too_sure <= high
    assert inside >= least


def test_a_bad_calibration_is_not_taken_for_chance() -> None:
    probabilities, labels = answers_of(np.random.default_rng(1), 2000, too_sure=0.2)
    measured = expected_calibration_error(probabilities, labels)
    low, high = calibration_interval(probabilities, labels, seed=0, resamples=100)
    assert 0.15 < low < measured < high < 0.25


def test_same_seed_same_interval() -> None:
    answers = answers_of(np.random.default_rng(2), 200, too_sure=0.1)
    one, again, other = (calibration_interval(*answers, seed, resamples=50) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_one_face_says_nothing() -> None:
    probabilities, labels = answers_of(np.random.default_rng(3), 1, too_sure=0.0)
    assert calibration_interval(probabilities, labels, seed=0) == (0.0, 1.0)
