from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmesh.clients.streaming.crops import crop_face, cut_out, to_gray


def ramp(height=100, width=120):
    return (np.add.outer(np.arange(height), np.arange(width)) % 256).astype(np.uint8)


def test_a_crop_of_the_models_size_is_cut_as_it_is():
    gray = ramp()
    np.testing.assert_array_equal(crop_face(gray, (10, 20, 48, 48)), gray[20:68, 10:58])


def test_a_large_face_is_averaged():
    gray = np.zeros((192, 192), np.uint8)
    gray[::2] = 200
    np.testing.assert_array_equal(crop_face(gray, (0, 0, 192, 192)), np.full((48, 48), 100))


def test_an_oblong_box_becomes_a_square_around_its_middle():
    gray = ramp()
    np.testing.assert_array_equal(
        crop_face(gray, (20, 30, 48, 20)), crop_face(gray, (20, 16, 48, 48))
    )


def test_a_margin_adds_to_each_side():
    gray = ramp()
    np.testing.assert_array_equal(
        crop_face(gray, (30, 30, 40, 40), margin=0.1), crop_face(gray, (26, 26, 48, 48))
    )


@given(
    x=st.integers(-60, 60),
    y=st.integers(-60, 60),
    width=st.integers(1, 60),
    height=st.integers(1, 60),
)
def test_beyond_the_edge_its_pixels_are_repeated(x, y, width, height):
    picture = ramp(40, 50)
    padded = np.pad(picture, 120, mode="edge")
    expected = padded[y + 120 : y + 120 + height, x + 120 : x + 120 + width]
    np.testing.assert_array_equal(cut_out(picture, (x, y, width, height)), expected)


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (119, 99, 1, 1), (-5, -5, 20, 20), (0, 0, 120, 100)])
def test_any_box_gives_a_crop_of_one_size(box):
    crop = crop_face(ramp(), box)
    assert crop.shape == (48, 48)
    assert crop.dtype == np.uint8


def test_gray_weighs_the_colours_as_luma():
    bgr = np.zeros((2, 2, 3), np.uint8)
    bgr[..., 1] = 100
    np.testing.assert_array_equal(to_gray(bgr), np.full((2, 2), 59))
