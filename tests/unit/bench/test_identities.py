from __future__ import annotations

import math

import numpy as np
import pytest

from maskmesh.bench.clips import TrueFace
from maskmesh.bench.identities import judge
from maskmesh.services.face_location.detector import Detection
from maskmesh.services.face_location.tracking import TrackedFace


def true(name, x, visible=1.0):
    return TrueFace(name, np.array([x, 100.0, 50.0, 50.0]), visible)


def tracked(track_id, x):
    return TrackedFace(track_id, Detection((x, 100, 50, 50), 0.9, "face"))


def test_all_is_well():
    frames = [[tracked(1, 10), tracked(2, 200)]] * 3
    result = judge(frames, [[true("a", 10), true("b", 200)]] * 3, [0.0, 0.1, 0.2])
    assert (result.switches, result.false_boxes, result.found) == (0, 0, 1.0)
    assert (result.mean_iou, result.shake, result.appears_s) == (1.0, 0.0, 0.0)


def test_a_change_of_id_is_a_switch_even_over_a_gap():
    frames = [[tracked(1, 10)], [], [tracked(2, 10)], [tracked(2, 10)], [tracked(1, 10)]]
    result = judge(frames, [[true("a", 10)]] * 5, [0.1 * n for n in range(5)])
    assert result.switches == 2
    assert result.found == pytest.approx(4 / 5)


def test_ids_that_change_places_are_two_switches():
    frames = [[tracked(1, 10), tracked(2, 200)], [tracked(2, 10), tracked(1, 200)]]
    assert judge(frames, [[true("a", 10), true("b", 200)]] * 2, [0.0, 0.1]).switches == 2


def test_boxes_on_nobody_are_false_and_second_boxes_find_nobody_else():
    frames = [[tracked(1, 10), tracked(2, 300), tracked(3, 12)]]
    result = judge(frames, [[true("a", 10), true("b", 200)]], [0.0])
    assert result.false_boxes == 1
    assert result.found == 0.5


def test_hidden_faces_need_not_be_found_but_may():
    truth = [[true("a", 10), true("b", 200, visible=0.3)]] * 2
    result = judge([[tracked(1, 10)], [tracked(1, 10), tracked(2, 200)]], truth, [0.0, 0.1])
    assert (result.found, result.false_boxes, result.switches) == (1.0, 0, 0)


def test_of_two_in_the_same_place_the_one_in_front_is_meant():
    truth = [[true("back", 300), true("front", 10)], [true("back", 10, 0.0), true("front", 10)]]
    frames = [[tracked(1, 300), tracked(2, 10)], [tracked(2, 10)]]
    assert judge(frames, truth, [0.0, 0.1]).switches == 0


def test_a_box_is_not_meant_for_who_is_wholly_hidden_even_where_it_fits_them_better():
    truth = [[true("back", 300), true("front", 10)], [true("back", 16, 0.0), true("front", 10)]]
    frames = [[tracked(1, 300), tracked(2, 10)], [tracked(2, 15)]]
    assert judge(frames, truth, [0.0, 0.1]).switches == 0


def test_the_longest_wait_for_a_new_face_counts():
    truth = [[true("a", 10)], [true("a", 10), true("b", 200)]] + [[true("b", 200)]] * 3
    frames = [[], [tracked(1, 10)], [], [], [tracked(2, 200)]]
    assert judge(frames, truth, [0.0, 0.1, 0.2, 0.3, 0.4]).appears_s == pytest.approx(0.3)
    assert math.isinf(judge([[]], [[true("a", 10)]], [0.0]).appears_s)


def test_shake_is_told_in_sides_of_the_face():
    frames = [[tracked(1, 10 + 5 * (number % 2))] for number in range(9)]
    result = judge(frames, [[true("a", 10)]] * 9, [0.1 * n for n in range(9)])
    # Steps of a tenth of the side in x, none in y.
    assert result.shake == pytest.approx(math.sqrt(0.1**2 / 2))
