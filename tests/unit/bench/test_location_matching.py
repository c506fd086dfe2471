from __future__ import annotations

import numpy as np
import pytest

from maskmesh.bench.location.matching import Outcome, match

FACES = np.array([[10, 10, 40, 40], [60, 10, 40, 40]], np.float64)


def _match(boxes: list[list[float]], scores: list[float], faces: np.ndarray = FACES):
    return match(np.array(boxes, np.float64).reshape(-1, 4), np.array(scores), faces, (200, 200))


def test_the_better_box_takes_the_face_and_the_other_is_its_duplicate() -> None:
    matching = _match([[12, 10, 40, 40], [10, 10, 40, 40]], [0.9, 0.8])
    assert matching.outcomes.tolist() == [Outcome.FOUND, Outcome.DUPLICATE]
    assert matching.faces.tolist() == [0, 0]
    # 38 of 42 columns are shared.
    assert matching.ious == pytest.approx([38 / 42, 1.0])


def test_boxes_are_taken_in_the_order_of_their_scores() -> None:
    matching = _match([[10, 10, 40, 40], [12, 10, 40, 40]], [0.8, 0.9])
    assert matching.scores.tolist() == [0.9, 0.8]
    assert matching.ious == pytest.approx([38 / 42, 1.0])


def test_a_second_box_takes_the_next_face_that_it_overlaps_enough() -> None:
    faces = np.array([[10, 10, 40, 40], [20, 10, 40, 40]], np.float64)
    matching = _match([[10, 10, 40, 40], [12, 10, 40, 40]], [0.9, 0.8], faces)
    assert matching.outcomes.tolist() == [Outcome.FOUND, Outcome.FOUND]
    assert matching.faces.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("shift", "outcome"),
    [
        (17, Outcome.FOUND),  # IoU 23/57 = 0.404
        (18, Outcome.LOOSE),  # 22/58 = 0.379
        (24, Outcome.LOOSE),  # 16/64 = 0.25
        (25, Outcome.FALSE),  # 15/65 = 0.231
    ],
)
def test_the_limits_of_the_overlap(shift: int, outcome: Outcome) -> None:
    assert _match([[10, 10 + shift, 40, 40]], [1.0]).outcomes.tolist() == [outcome]


def test_boxes_and_faces_are_cut_to_the_picture() -> None:
    faces = np.array([[-20, 0, 40, 40]], np.float64)
    matching = _match([[0, 0, 20, 40]], [1.0], faces)
    assert matching.ious == pytest.approx([1.0])


def test_without_faces_every_box_is_false_and_without_boxes_nothing_is_found() -> None:
    nobody = np.empty((0, 4))
    assert _match([[10, 10, 40, 40]], [1.0], nobody).outcomes.tolist() == [Outcome.FALSE]
    assert len(_match([], []).outcomes) == 0
