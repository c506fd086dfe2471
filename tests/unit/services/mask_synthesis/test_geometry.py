from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis import geometry, pivots
from maskmesh.services.runtime.errors import InvalidInputError


def moved(points: np.ndarray, angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    return (points @ np.array([[cosine, sine], [-sine, cosine]]) + shift).astype(np.float32)


def turned(points: np.ndarray, share: float) -> np.ndarray:
    """A face whose right half looks narrower by `share`."""
    middle = points[27, 0]
    x = points[:, 0] - middle
    x = np.where(x > 0, x * (1 - share), x * (1 + share))
    return np.stack([x + middle, points[:, 1]], axis=1).astype(np.float32)


def test_ratios_of_a_face_that_looks_into_the_camera(frontal):
    ratios = geometry.face_ratios(frontal)
    assert ratios.roll == pytest.approx(0, abs=0.01)
    assert ratios.yaw == pytest.approx(0, abs=0.02)
    assert ratios.pitch == pytest.approx(pivots.USUAL_PITCH, abs=0.01)


@pytest.mark.parametrize("share", [-0.5, -0.2, 0.2, 0.5])
def test_yaw_follows_the_narrower_half(frontal, share):
    assert geometry.face_ratios(turned(frontal, share)).yaw == pytest.approx(share, abs=0.05)


def test_pitch_grows_as_the_nose_comes_down(frontal):
    down = frontal.copy()
    down[27:36, 1] += 10
    assert geometry.face_ratios(down).pitch > geometry.face_ratios(frontal).pitch + 0.05


@pytest.mark.parametrize("shape", [(67, 2), (68, 3), (136,)])
def test_landmarks_of_another_shape_are_refused(shape):
    with pytest.raises(InvalidInputError, match="68 pairs"):
        geometry.check_landmarks(np.zeros(shape, np.float32))


def test_landmarks_that_are_not_finite_are_refused(frontal):
    broken = frontal.copy()
    broken[3, 1] = np.nan
    with pytest.raises(InvalidInputError, match="not finite"):
        geometry.check_landmarks(broken)
