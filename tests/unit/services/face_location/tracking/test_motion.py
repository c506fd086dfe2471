from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.face_location.tracking.motion import FaceMotion, to_square

FRAME_S = 1 / 30


def square(x, y=200.0, side=100.0):
    return np.array([x, y, side, side])


def follow(squares, frame_s=FRAME_S):
    """Predicted and corrected squares, after the first."""
    motion = FaceMotion(squares[0])
    predicted, corrected = [], []
    for one in squares[1:]:
        motion.advance(frame_s)
        predicted.append(motion.square)
        motion.correct(one)
        corrected.append(motion.square)
    return motion, np.array(predicted), np.array(corrected)


def test_it_starts_where_the_face_was_found():
    motion = FaceMotion(square(50.0))
    assert motion.square == pytest.approx(square(50.0))
    motion.advance(1.0)
    assert motion.square == pytest.approx(square(50.0))


@pytest.mark.parametrize("frame_s", [1 / 60, 1 / 30, 1 / 10])
def test_steady_motion_is_learned_and_foretold_without_lag(frame_s):
    speed = 150.0
    squares = [square(speed * frame_s * step) for step in range(round(1.5 / frame_s))]
    motion, predicted, corrected = follow(squares, frame_s)
    assert np.abs(predicted[-3:] - squares[-3:]).max() < 1.0
    assert np.abs(corrected[-3:] - squares[-3:]).max() < 0.5
    motion.advance(0.3)
    # Velocities fade slowly: of 45 pixels, a few are missing.
    assert motion.square[0] - squares[-1][0] == pytest.approx(0.3 * speed, rel=0.15)


def test_growth_is_followed_as_a_ratio():
    squares = [square(100.0, side=80.0 * 1.01**step) for step in range(40)]
    _, predicted, corrected = follow(squares)
    assert predicted[-1, 2] == pytest.approx(squares[-1][2], rel=0.02)
    assert corrected[-1, 2] == pytest.approx(squares[-1][2], rel=0.01)


def test_trembling_boxes_are_steadied():
    random = np.random.default_rng(0)
    error = 1.5
    squares = [square(100.0 + random.normal(0, error)) for _ in range(200)]
    _, _, corrected = follow(squares)
    trembling = np.diff(corrected[50:, 0]).std()
    assert trembling < 0.75 * np.diff(np.array(squares)[50:, 0]).std()


def test_a_sudden_move_is_believed_at_once():
    squares = [square(100.0)] * 30 + [square(160.0)] * 2
    _, _, corrected = follow(squares)
    assert corrected[-2, 0] == pytest.approx(160.0, abs=6.0)
    assert corrected[-2, 2] == pytest.approx(100.0, abs=1.0)


def test_less_trusted_boxes_count_less():
    places = []
    for trust in (1.0, 0.2):
        motion, _, _ = follow([square(100.0)] * 30)
        motion.advance(FRAME_S)
        motion.correct(square(103.0), trust)
        places.append(motion.square[0])
    assert 100.0 < places[1] < places[0] - 0.2


def test_a_face_that_is_not_seen_does_not_run_off():
    motion, _, _ = follow([square(10.0 * step) for step in range(20)])
    for _ in range(1000):
        motion.advance(0.1)
    x, y, side, _ = motion.square
    assert x < 190.0 + 2.5 * 300.0
    assert (y, side) == pytest.approx((200.0, 100.0), rel=0.02)


def test_halted_it_stays_where_it_is():
    motion, _, _ = follow([square(10.0 * step) for step in range(20)])
    before = motion.square
    motion.halt()
    motion.advance(0.5)
    assert motion.square == pytest.approx(before)


def test_it_is_scaled_with_the_frame():
    motion, _, _ = follow([square(10.0 * step) for step in range(20)])
    plain, _, _ = follow([square(10.0 * step) for step in range(20)])
    motion.rescale(2.0, 2.0)
    assert motion.square == pytest.approx(2.0 * plain.square)
    for one in (motion, plain):
        one.advance(0.2)
    assert motion.square == pytest.approx(2.0 * plain.square)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((200, 100, 50, 50), (200, 100, 50, 50)),
        ((200, 100, 50, 51), (199.5, 100, 51, 51)),
        ((0, 100, 30, 50), (-20, 100, 50, 50)),
        ((610, 100, 30, 50), (610, 100, 50, 50)),
        ((200, 0, 50, 20), (200, -30, 50, 50)),
        ((200, 440, 50, 40), (200, 440, 50, 50)),
        ((0, 0, 640, 480), (0, -80, 640, 640)),
    ],
    ids=["inside", "not quite square", "left", "right", "top", "bottom", "larger than the frame"],
)
def test_a_box_cut_at_the_edge_becomes_the_square_it_was(box, expected):
    found = to_square(np.array(box, np.float64), 640, 480)
    assert found == pytest.approx(np.array(expected, np.float64))
