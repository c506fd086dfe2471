from __future__ import annotations

import numpy as np

from maskmesh.services.mask_synthesis.canvas import Canvas, Margins
from maskmesh.services.mask_synthesis.outlines import OUTLINES
from maskmesh.services.mask_synthesis.shading import bulge, grain, hem, nose_tent, sheen
from maskmesh.services.mask_synthesis.surface import surface_of

CANVAS = Canvas(200, 0.0, Margins(0.1, 0.1, 0.1))
SURFACE = surface_of(CANVAS, OUTLINES["surgical"])
MIDDLE = CANVAS.shape[1] // 2


def row_at(down: float) -> int:
    return int(np.abs(SURFACE.down[:, 0] - down).argmin())


def test_a_bulge_is_darkest_at_the_sides_and_below():
    light = bulge(SURFACE)
    upper = light[row_at(0.4)]
    assert upper[MIDDLE] > upper[40] > upper[25]
    assert light[row_at(0.4), MIDDLE] > light[row_at(0.9), MIDDLE]
    assert light.max() <= 1.02


def test_the_nose_shows_in_the_upper_part_only():
    light = nose_tent(SURFACE, 0.1)
    beside = int(np.abs(SURFACE.share[0] - 0.33).argmin())
    assert light[row_at(0.1), MIDDLE] > 0
    assert light[row_at(0.1), beside] < -0.05
    assert np.abs(light[row_at(0.5)]).max() == 0.0


def test_a_hem_is_a_dark_line_and_stitches_interrupt_it():
    rows = slice(row_at(0.0), row_at(0.16))
    across = slice(MIDDLE - 60, MIDDLE + 60)
    plain = hem(SURFACE, 0.045, stitched=False)[rows, across].min(axis=0)
    stitched = hem(SURFACE, 0.045)[rows, across].min(axis=0)
    assert plain.max() < -0.02
    assert np.ptp(stitched) > 0.05 > np.ptp(plain)


def test_sheen_grows_with_light_and_is_faint():
    light = np.array([0.2, 0.7, 0.9, 1.0])
    levels = sheen(light)
    assert levels[0] == levels[1] == 0.0
    assert 0 < levels[2] < levels[3] < 30


def test_grain_is_the_same_each_time_and_averages_out():
    first, second = grain((130, 250)), grain((130, 250))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (130, 250)
    assert abs(first.mean()) < 0.001
    assert 0.005 < first.std() < 0.03
