from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.colouring import (
    FULL_LIGHT,
    Paint,
    colour_matrix,
    coloured,
    is_colourless,
)

PAINT = Paint(first=(200, 100, 50), second=(10, 20, 250))


def pixel(*channels: float) -> np.ndarray:
    return np.array(channels, np.uint8).reshape(1, 1, 4)


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ((FULL_LIGHT, 0, 0, 255), (200, 100, 50, 255)),
        ((0, FULL_LIGHT, 0, 255), (10, 20, 250, 255)),
        ((FULL_LIGHT / 2, 0, 30, 255), (130, 80, 55, 255)),
        ((FULL_LIGHT / 2, FULL_LIGHT / 2, 0, 255), (105, 60, 150, 255)),
        ((0, 0, 0, 90), (0, 0, 0, 90)),
        ((250, 250, 250, 255), (255, 255, 255, 255)),
    ],
)
def test_channels_become_colours(channels, expected):
    np.testing.assert_allclose(coloured(pixel(*channels), PAINT)[0, 0], expected, atol=1)


def test_gray_is_the_luma_of_the_colours():
    pixels = np.random.default_rng(0).integers(0, 180, (6, 7, 4), dtype=np.uint8)
    colours = coloured(pixels, PAINT).astype(float)
    gray = coloured(pixels, PAINT, gray=True)
    luma = colours[..., :3] @ [0.299, 0.587, 0.114]
    free = colours[..., :3].max(axis=2) < 255
    for channel in range(3):
        np.testing.assert_allclose(gray[..., channel][free], luma[free], atol=1)
    np.testing.assert_array_equal(gray[..., 3], pixels[..., 3])


def test_pictures_keep_their_colours():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 7, 4), dtype=np.uint8)
    np.testing.assert_array_equal(coloured(pixels, None), pixels)
    gray = coloured(pixels, None, gray=True)
    np.testing.assert_array_equal(gray[..., 0], gray[..., 2])
    np.testing.assert_array_equal(gray[..., 3], pixels[..., 3])


def test_the_matrix_leaves_alpha_alone():
    np.testing.assert_array_equal(colour_matrix(PAINT)[3], [0, 0, 0, 1])
    assert colour_matrix(PAINT).dtype == np.float32


def test_gray_pictures_are_known_by_their_channels():
    gray = np.random.default_rng(0).integers(0, 256, (90, 130), dtype=np.uint8)
    assert is_colourless(gray)
    rgb = np.repeat(gray[..., None], 3, axis=2)
    assert is_colourless(rgb)
    rgb[30:60, 40:80, 2] //= 2
    assert not is_colourless(rgb)
    assert is_colourless(np.zeros((1, 1, 3), np.uint8))
