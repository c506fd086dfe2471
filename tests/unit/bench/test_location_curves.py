from __future__ import annotations

import numpy as np
import pytest

from maskmesh.bench.location.curves import average_precision, precision_recall


def test_average_precision_of_an_example_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    hits = np.array([True, False, True, True, False])
    curve = precision_recall(scores, hits, faces=4)
    assert curve.recall == pytest.approx([0.25, 0.25, 0.5, 0.75, 0.75])
    assert curve.precision == pytest.approx([1, 1 / 2, 2 / 3, 3 / 4, 3 / 5])
    # 0.25 at 1, then 0.25 + 0.25 at 3/4, which is the best precision from there on.
    assert average_precision(curve) == pytest.approx(0.25 + 0.5 * 0.75)


def test_boxes_of_equal_score_make_one_point_whatever_their_order() -> None:
    hits = np.array([True, False, True])
    for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0]):
        curve = precision_recall(np.full(3, 4.0), hits[order], faces=2)
        assert curve.thresholds.tolist() == [4.0]
        assert curve.recall.tolist() == [1.0]
        assert curve.precision == pytest.approx([2 / 3])


def test_nothing_found_is_zero_and_nothing_to_find_is_undefined() -> None:
    empty, none = np.empty(0), np.empty(0, bool)
    assert average_precision(precision_recall(empty, none, faces=3)) == 0.0
    assert np.isnan(average_precision(precision_recall(empty, none, faces=0)))
