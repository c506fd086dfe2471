from __future__ import annotations

import numpy as np
import pytest

from maskmesh.training.recipe import Recipe, load_recipe
from maskmesh.training.targets import class_targets, class_weights, softened

LABELS = np.repeat(np.arange(7), [100, 10, 100, 200, 100, 100, 50])


def balanced(kind: str, strength: float) -> Recipe:
    return load_recipe("paper", class_balance=kind, class_balance_strength=strength)


def test_without_balance_all_weigh_one() -> None:
    np.testing.assert_allclose(class_weights(LABELS, balanced("none", 0.0)), 1.0)


@pytest.mark.parametrize(("strength", "ratio"), [(0.0, 1), (0.5, 10**0.5), (1.0, 10)])
def test_inverse_weighs_by_a_power_of_the_counts(strength: float, ratio: float) -> None:
    weights = class_weights(LABELS, balanced("inverse", strength))
    assert weights[1] / weights[0] == pytest.approx(ratio, rel=1e-5)
    assert weights[LABELS].mean() == pytest.approx(1.0, rel=1e-5)


def test_effective_number_goes_from_none_to_inverse() -> None:
    beta = 0.99
    weights = class_weights(LABELS, balanced("effective_number", beta))
    assert weights[1] / weights[0] == pytest.approx((1 - beta**100) / (1 - beta**10), rel=1e-5)
    assert weights[LABELS].mean() == pytest.approx(1.0, rel=1e-5)
    full = class_weights(LABELS, balanced("effective_number", 1.0))
    np.testing.assert_allclose(full, class_weights(LABELS, balanced("inverse", 1.0)), rtol=1e-5)
    np.testing.assert_allclose(class_weights(LABELS, balanced("effective_number", 0.0)), 1.0)


def test_a_class_that_does_not_occur_harms_nothing() -> None:
    assert np.isfinite(class_weights(LABELS[LABELS != 1], balanced("inverse", 0.5))).all()


def test_targets_are_one_hot_and_smoothed() -> None:
    labels = np.array([6, 0])
    plain = class_targets(labels, load_recipe("paper"))
    assert plain.tolist() == [[0, 0, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 0, 0]]
    smooth = class_targets(labels, load_recipe("paper", label_smoothing=0.14))
    np.testing.assert_allclose(smooth[0], [0.02] * 6 + [0.88], rtol=1e-5)


def test_rows_sum_to_the_weights() -> None:
    recipe = load_recipe(
        "paper", class_balance="inverse", class_balance_strength=0.5, label_smoothing=0.1
    )
    sums = class_targets(LABELS, recipe).sum(axis=1)
    np.testing.assert_allclose(sums, class_weights(LABELS, recipe)[LABELS], rtol=1e-5)


def test_votes_share_the_target_with_the_label() -> None:
    votes = np.full((2, 7), np.nan, np.float32)
    votes[0] = [0.5, 0.5, 0, 0, 0, 0, 0]
    found = class_targets(np.array([2, 2]), load_recipe("paper", soft_label_weight=0.6), votes)
    np.testing.assert_allclose(found[0], [0.3, 0.3, 0.4, 0, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(found[1], [0, 0, 1, 0, 0, 0, 0])


def test_softened_answers() -> None:
    answers = np.array([[0.9, 0.1, 0, 0, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(softened(answers, 1.0), answers, atol=1e-5)
    warm = softened(answers, 2.0)
    assert warm[0, 0] / warm[0, 1] == pytest.approx(3.0, rel=1e-4)
    assert warm.sum() == pytest.approx(1.0, rel=1e-5)
