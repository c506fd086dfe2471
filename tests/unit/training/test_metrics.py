from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from maskmesh.training.metrics import (
    classification_report,
    expected_calibration_error,
    macro_f1,
    reliability,
)


def probabilities_for(predicted: list[int], confidence: float = 0.7) -> np.ndarray:
    rest = (1 - confidence) / 6
    return np.where(np.eye(7, dtype=bool)[predicted], confidence, rest).astype(np.float32)


def test_report_against_numbers_worked_out_by_hand() -> None:
    labels = np.array([0, 0, 3, 3, 3, 6])
    report = classification_report(probabilities_for([0, 3, 3, 3, 0, 6]), labels)
    assert report["n"] == 6
    assert report["accuracy"] == pytest.approx(4 / 6)
    angry, happy = report["per_class"]["angry"], report["per_class"]["happy"]
    assert angry == pytest.approx(
        {"precision": 0.5, "recall": 0.5, "f1": 0.5, "accuracy": 4 / 6, "support": 2}
    )
    assert happy["precision"] == pytest.approx(2 / 3)
    assert happy["recall"] == pytest.approx(2 / 3)
    assert report["confusion"][0][3] == 1
    assert report["confusion"][3][0] == 1
    assert np.sum(report["confusion"]) == 6
    # Only the three classes that occur count.
    assert report["macro_f1"] == pytest.approx((0.5 + 2 / 3 + 1.0) / 3)


def test_interval_is_wilsons() -> None:
    labels = np.zeros(100, int)
    report = classification_report(probabilities_for([0] * 50 + [1] * 50), labels)
    # Wilson's formula for 50 of 100 at 95 %.
    assert report["accuracy_ci95"] == pytest.approx([0.4038, 0.5962], abs=1e-4)


@pytest.mark.parametrize(("right", "ece"), [(7, 0.0), (10, 0.3), (0, 0.7)])
def test_calibration_error_is_the_gap_between_confidence_and_accuracy(
    right: int, ece: float
) -> None:
    labels = np.array([2] * right + [4] * (10 - right))
    assert expected_calibration_error(probabilities_for([2] * 10), labels) == pytest.approx(
        ece, abs=1e-6
    )


def test_calibration_error_does_not_cancel_across_bins() -> None:
    probabilities = np.concatenate([probabilities_for([0], 0.9), probabilities_for([0], 0.5)])
    labels = np.array([1, 0])
    assert expected_calibration_error(probabilities, labels) == pytest.approx((0.9 + 0.5) / 2)


def test_macro_f1_is_scikit_learns() -> None:
    random = np.random.default_rng(0)
    labels, predicted = random.integers(7, size=(2, 200))
    assert macro_f1(predicted, labels) == pytest.approx(
        f1_score(labels, predicted, average="macro")
    )
    few = labels < 3
    assert macro_f1(labels[few], labels[few]) == 1.0


def test_bins_are_closed_above_and_empty_ones_have_no_mean() -> None:
    sure = [probabilities_for([0], level) for level in (0.5, 0.6, 0.75, 1.0)]
    bins = reliability(np.concatenate(sure), np.array([0, 1, 0, 0]), bins=4)
    assert bins.faces.tolist() == [0, 1, 2, 1]
    np.testing.assert_allclose(bins.accuracy, [np.nan, 1.0, 0.5, 1.0])
    np.testing.assert_allclose(bins.confidence, [np.nan, 0.5, 0.675, 1.0])
    assert bins.ece == pytest.approx((1 * 0.5 + 2 * 0.175 + 1 * 0.0) / 4)
