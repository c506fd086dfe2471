from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmesh.services.face_location.candidates import Candidate
from maskmesh.services.face_location.patches import level_patch, scale_picture


def dot(shape: tuple[int, int], x: float, y: float, radius: float = 4) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (255 * ((columns - x) ** 2 + (rows - y) ** 2 <= radius**2)).astype(np.uint8)


def centre_of_light(pixels: np.ndarray) -> tuple[float, float]:
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    light = pixels / pixels.sum()
    return float((columns * light).sum()), float((rows * light).sum())


@given(st.integers(1, 300), st.integers(1, 300), st.integers(16, 320), st.floats(0, 0.4))
def test_a_scaled_picture_has_the_side_asked_for_and_maps_back(width, height, side, margin):
    scaled = scale_picture(np.zeros((height, width), np.uint8), side, margin)
    inner = np.array(scaled.pixels.shape) - 2 * scaled.margin
    assert max(inner) == side
    whole = np.array([[scaled.margin, scaled.margin, width * scaled.scale, height * scaled.scale]])
    np.testing.assert_allclose(scaled.to_original(whole), [[0, 0, width, height]], atol=1e-6)


def test_enlargement_is_bounded_and_nothing_is_copied_at_full_size():
    gray = np.zeros((20, 30), np.uint8)
    assert scale_picture(gray, 300, max_scale=4).pixels.shape == (80, 120)
    assert scale_picture(gray, 300, max_scale=1).pixels is gray


@pytest.mark.parametrize("roll", [-0.5, -0.1, 0.0, 0.3])
def test_the_eyes_of_a_tilted_candidate_come_out_level(roll):
    # Two eyes 80 pixels apart around (150, 120), tilted.
    step = 40 * np.array([np.cos(roll), np.sin(roll)])
    candidate = Candidate(150, 120, 160, roll)
    places = [
        centre_of_light(level_patch(dot((260, 300), x, y), candidate, 72, 128))
        for x, y in (np.array([150, 120]) - step, np.array([150, 120]) + step)
    ]
    half = 40 * 72 / 160
    assert places[0] == pytest.approx((63.5 - half, 63.5), abs=1)
    assert places[1] == pytest.approx((63.5 + half, 63.5), abs=1)


@pytest.mark.parametrize("x", [-500, -3, 0, 99, 140, 900])
@pytest.mark.parametrize("y", [-500, 0, 20, 79, 900])
@pytest.mark.parametrize(("side", "roll"), [(3, 0.0), (40, 0.4), (400, 0.0)])
def test_a_candidate_may_lie_anywhere(x, y, side, roll):
    gray = np.full((80, 100), 90, np.uint8)
    patch = level_patch(gray, Candidate(x, y, side, roll), 36, 64)
    assert patch.shape == (64, 64)
    assert (patch == 90).all()
