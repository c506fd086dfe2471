from __future__ import annotations

import numpy as np
import pytest

from maskmesh.training.evaluation.paper import (
    accuracy_over_all,
    accuracy_over_positives,
    by_the_papers_equation,
)
from maskmesh.training.labels import CLASSES
from maskmesh.training.metrics import classification_report


def test_equation_2_is_no_share_where_p_is_the_class() -> None:
    # Ten faces of each class, all right: one would expect 1.
    assert accuracy_over_positives(10, 60, 10) == 7.0
    assert accuracy_over_all(10, 60, 70) == 1.0
    # With P read as all that was judged, both are the same.
    assert accuracy_over_positives(6, 52, 70) == accuracy_over_all(6, 52, 70)


def test_classes_of_a_confusion_matrix_worked_out_by_hand() -> None:
    confusion = np.zeros((7, 7), int)
    confusion[0, 0], confusion[0, 3] = 3, 1  # four angry faces, one of them given happy
    confusion[3, 3], confusion[3, 0] = 4, 2  # six happy ones, two of them given angry
    found = by_the_papers_equation(confusion.tolist())
    assert [*found] == ["angry", "happy"]
    assert found["angry"] == {"equation_2": 7 / 4, "over_all_faces": 7 / 10}
    assert found["happy"] == {"equation_2": 7 / 6, "over_all_faces": 7 / 10}


def test_accuracy_over_all_is_the_one_evaluate_writes() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(7, size=300)
    probabilities = random.random((300, 7)).astype(np.float32)
    report = classification_report(probabilities, labels)
    found = by_the_papers_equation(report["confusion"])
    for name in CLASSES:
        assert found[name]["over_all_faces"] == pytest.approx(report["per_class"][name]["accuracy"])
