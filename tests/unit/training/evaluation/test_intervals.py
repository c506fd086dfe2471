from __future__ import annotations

import numpy as np
import pytest

from maskmesh.training.evaluation.intervals import bootstrap_interval, wilson_interval


def test_wilsons_formula_worked_out_by_hand() -> None:
    assert wilson_interval(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    # Unlike the usual normal interval it leaves room where all or none are right.
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_nothing_to_judge_by_has_no_interval() -> None:
    assert wilson_interval(0, 0) is None
    assert bootstrap_interval(lambda rows: 0.5, 1, seed=0) == (0.0, 1.0)


def test_bootstrap_of_a_share_is_near_wilsons() -> None:
    right = np.arange(400) < 240
    found = bootstrap_interval(lambda rows: float(right[rows].mean()), 400, seed=1)
    assert found == pytest.approx(wilson_interval(240, 400), abs=0.012)


def test_same_seed_same_interval_and_another_seed_another() -> None:
    right = np.arange(60) < 31
    one, again, other = (
        bootstrap_interval(lambda rows: float(right[rows].mean() ** 2), 60, seed=seed)
        for seed in (4, 4, 5)
    )
    assert one == again
    assert one != other


def test_what_never_varies_has_no_width() -> None:
    assert bootstrap_interval(lambda rows: 0.25, 50, seed=0, resamples=50) == (0.25, 0.25)
