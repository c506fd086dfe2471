from __future__ import annotations

import cv2
import numpy as np
import pytest

from maskmesh.services.face_location.pyramid import Pyramid


@pytest.fixture(scope="module")
def gray():
    # Smooth, so that it makes little difference how it is resampled.
    noise = np.random.default_rng(3).standard_normal((60, 80)).astype(np.float32)
    smooth = cv2.resize(noise, (320, 240), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + 40 * smooth, 0, 255).astype(np.uint8)


def test_levels_halve_and_stop_before_nothing_is_left(gray):
    pyramid = Pyramid(gray)
    assert [pyramid.level(n).shape for n in range(3)] == [(240, 320), (120, 160), (60, 80)]
    assert min(pyramid.level(50).shape) >= 2


def test_a_patch_of_its_own_size_is_the_picture_cut_out(gray):
    (patch,) = Pyramid(gray).patches(np.array([[40.0, 30.0, 32.0, 32.0]]), 32)
    np.testing.assert_array_equal(patch, gray[30:62, 40:72])


@pytest.mark.parametrize("side", [16, 50, 64, 100, 200])
def test_a_patch_shows_its_square_scaled(gray, side):
    (patch,) = Pyramid(gray).patches(np.array([[20.0, 10.0, side, side]]), 32)
    cut = gray[10 : 10 + side, 20 : 20 + side]
    method = cv2.INTER_AREA if side > 32 else cv2.INTER_LINEAR
    expected = cv2.resize(cut, (32, 32), interpolation=method)
    assert np.abs(patch.astype(int) - expected)[1:-1, 1:-1].mean() < 4


def test_a_patch_of_another_shape_is_the_square_around_its_middle(gray):
    boxes = np.array([[40.0, 30.0, 32.0, 20.0], [40.0, 24.0, 32.0, 32.0]])
    flat, square = Pyramid(gray).patches(boxes, 32)
    np.testing.assert_array_equal(flat, square)


def test_beyond_the_picture_the_edge_goes_on(gray):
    (patch,) = Pyramid(gray).patches(np.array([[-32.0, 100.0, 32.0, 32.0]]), 32)
    np.testing.assert_array_equal(patch, np.repeat(gray[100:132, :1], 32, axis=1))


def test_a_turned_patch_is_turned_about_its_middle(gray):
    box = np.array([[100.0, 80.0, 33.0, 33.0]])
    (upright,) = Pyramid(gray).patches(box, 33)
    (turned,) = Pyramid(gray).patches(box, 33, np.array([np.pi / 2]))
    difference = np.abs(turned.astype(int) - np.rot90(upright))
    assert difference.max() <= 1
