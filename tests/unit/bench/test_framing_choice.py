from __future__ import annotations

import numpy as np
import pytest

from maskmesh.bench.framing_choice import (
    PRESENT,
    Judged,
    accuracy_interval,
    choose,
    cross_fitted_gain,
    gain_of,
)
from maskmesh.bench.framing_faces import Framing

WIDE, LOW = Framing(scale=1.2), Framing(dy=0.1)
CANDIDATES = (PRESENT, WIDE, LOW)


def judged(*accuracies, faces=2000, seed=0):
    """A set whose faces are right independently, with one accuracy for each candidate."""
    random = np.random.default_rng(seed)
    chances = np.array(accuracies)[None, :, None]
    right = random.random((2, len(accuracies), faces)) < chances
    return Judged("set", CANDIDATES[: len(accuracies)], right, 0)


def test_rows_are_those_of_a_framing_and_a_kind():
    one = judged(0.5, 0.6, 0.7)
    assert (one.row(LOW, masked=True) == one.right[1, 2]).all()
    assert (one.row(PRESENT, masked=False) == one.right[0, 0]).all()
    assert one.scores((WIDE,))[0] == pytest.approx(one.right[:, 1].mean(axis=0))


def test_a_clearly_better_framing_is_chosen_with_a_narrow_interval():
    choice = choose(judged(0.5, 0.6, 0.4), CANDIDATES, seed=1)
    assert choice.framing == WIDE
    assert choice.scale == (1.2, 1.2)
    assert choice.dy == (0.0, 0.0)


def test_framings_that_are_alike_leave_a_wide_interval():
    choice = choose(judged(0.5, 0.5, 0.5), CANDIDATES, seed=1)
    assert choice.scale == (1.0, 1.2)


def test_of_equally_good_ones_the_present_stays():
    right = np.repeat(np.random.default_rng(0).random((2, 1, 50)) < 0.5, 3, axis=1)
    choice = choose(Judged("set", CANDIDATES, right, 0), CANDIDATES, seed=1)
    assert choice.framing == PRESENT
    assert choice.scale == (1.0, 1.0)


def test_a_true_gain_is_measured_with_its_interval():
    one = judged(0.5, 0.6, 0.4)
    for gain in (gain_of(one, WIDE, seed=1), cross_fitted_gain(one, CANDIDATES, seed=1)):
        assert gain.gain == pytest.approx(0.1, abs=0.03)
        assert 0 < gain.interval[0] < gain.gain < gain.interval[1]


def test_choosing_among_equals_gains_nothing():
    gains = [
        cross_fitted_gain(judged(0.5, 0.5, 0.5, faces=200, seed=seed), CANDIDATES, seed=1)
        for seed in range(40)
    ]
    # The best of three on the faces that it was chosen on would look better by 0.02 and more.
    assert np.mean([gain.gain for gain in gains]) == pytest.approx(0.0, abs=0.01)
    covered = [gain.interval[0] <= 0 <= gain.interval[1] for gain in gains]
    assert np.mean(covered) > 0.85


def test_the_interval_of_an_accuracy_is_wilsons():
    low, high = accuracy_interval(np.arange(100) < 50)
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-4)
