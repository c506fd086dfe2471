from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from maskmesh.training.calibration import HIGHEST, LOWEST, calibrate, fit_temperature
from maskmesh.training.metrics import expected_calibration_error
from maskmesh.training.targets import softened


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits [N, 7], and labels drawn with their probabilities: a calibrated classifier."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (count, 7))
    chosen = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return logits, chosen.astype(np.int64)


def probabilities(logits: np.ndarray) -> np.ndarray:
    return softmax(logits, axis=1).astype(np.float32)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_put_on_is_found(factor: float) -> None:
    logits, labels = drawn(6000, seed=0)
    assert fit_temperature(probabilities(logits * factor), labels) == pytest.approx(
        factor, rel=0.05
    )


def test_calibration_lowers_the_error_on_faces_it_was_not_fitted_on() -> None:
    logits, labels = drawn(4000, seed=1)
    calibration = calibrate({"masked": probabilities(logits * 2)}, labels)
    assert calibration.temperature == pytest.approx(2, rel=0.1)
    assert calibration.of_halves[0] != calibration.of_halves[1]
    error = calibration.errors["masked"]
    assert error.before > 0.1
    assert error.after < 0.03


def test_a_face_is_judged_with_the_temperature_of_the_other_half() -> None:
    # One face is right, the other wrong: each half asks for an end of the scale.
    rows = np.full((2, 7), 0.4 / 6, np.float32)
    rows[:, 3] = 0.6
    labels = np.array([3, 0])
    calibration = calibrate({"masked": rows}, labels)
    assert sorted(calibration.of_halves) == pytest.approx([LOWEST, HIGHEST], rel=1e-3)
    crosswise = np.concatenate([softened(rows[:1], HIGHEST), softened(rows[1:], LOWEST)])
    expected = expected_calibration_error(crosswise, labels)
    assert calibration.errors["masked"].after == pytest.approx(expected, abs=1e-3)
    assert calibration.errors["masked"].after > calibration.errors["masked"].before


def test_all_versions_of_the_faces_share_one_temperature() -> None:
    logits, labels = drawn(3000, seed=2)
    sets = {"masked": probabilities(logits * 2), "unmasked": probabilities(logits * 0.9)}
    together = calibrate(sets, labels)
    alone = {name: fit_temperature(rows, labels) for name, rows in sets.items()}
    assert alone["unmasked"] < together.temperature < alone["masked"]
    assert set(together.errors) == {"masked", "unmasked"}


def test_the_halves_are_the_same_every_time() -> None:
    logits, labels = drawn(200, seed=3)
    sets = {"masked": probabilities(logits)}
    assert calibrate(sets, labels) == calibrate(sets, labels)
    assert calibrate(sets, labels).of_halves != calibrate(sets, labels, seed=1).of_halves


def test_a_network_that_is_always_right_gets_the_lowest_temperature() -> None:
    labels = np.arange(7)
    rows = (np.eye(7) * 0.3 + 0.1).astype(np.float32)
    assert fit_temperature(rows, labels) == pytest.approx(LOWEST, rel=1e-3)
