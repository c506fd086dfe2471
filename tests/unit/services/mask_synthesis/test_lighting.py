from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.lighting import MAX_GAIN, face_lighting, gray_around


def flat(value: float) -> np.ndarray:
    return np.full((200, 200), value, np.uint8)


def test_an_evenly_lit_face_lights_both_ends_alike(frontal):
    light = face_lighting(flat(150), frontal)
    assert light.left == light.right == pytest.approx(1.0)


def test_a_dark_face_darkens_the_mask_but_less(frontal):
    light = face_lighting(flat(60), frontal)
    assert 60 / 150 < light.left < 0.8


def test_light_from_the_right_brightens_the_right(frontal):
    image = np.tile(np.linspace(60, 180, 200).astype(np.uint8), (200, 1))
    light = face_lighting(image, frontal)
    assert light.left < light.right
    mirrored = face_lighting(np.ascontiguousarray(image[:, ::-1]), frontal)
    assert mirrored.left == pytest.approx(light.right, abs=0.02)


def test_jitter_scales_and_the_gain_is_bounded(frontal):
    plain = face_lighting(flat(100), frontal).left
    assert face_lighting(flat(100), frontal, jitter=0.9).left == pytest.approx(0.9 * plain)
    assert face_lighting(flat(255), frontal, jitter=1.1).right == MAX_GAIN


def test_gray_around_takes_luma_of_colour_and_repeats_the_border():
    image = np.zeros((10, 10, 3), np.uint8)
    image[:, 5:] = (200, 100, 50)
    points = np.array([[1, 1], [8, 8], [50, 50], [-9, 4]], np.float32)
    expected = 0.299 * 200 + 0.587 * 100 + 0.114 * 50
    np.testing.assert_allclose(gray_around(image, points, 1.0), [0, expected, expected, 0])


def test_gray_around_averages_a_cross():
    image = np.zeros((9, 9), np.uint8)
    image[4, 4] = 100
    image[4, 6] = 50
    assert gray_around(image, np.array([[4, 4]], np.float32), 2.0)[0] == pytest.approx(30)
