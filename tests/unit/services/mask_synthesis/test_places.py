from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.places import gray_around, places_between


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


def test_places_lie_in_the_middle(frontal):
    places = places_between(frontal, np.array([[36, 39], [30, 30]]))
    np.testing.assert_allclose(places[0], (frontal[36] + frontal[39]) / 2)
    np.testing.assert_allclose(places[1], frontal[30])
