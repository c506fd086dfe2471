from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.canvas import Canvas, Margins
from maskmesh.services.mask_synthesis.outlines import OUTLINES

STYLES = sorted(OUTLINES)
SHARES = np.linspace(-1.0, 1.0, 41)


@pytest.mark.parametrize("style", STYLES)
def test_edges_fall_from_the_nose_and_rise_to_the_sides(style):
    top, bottom = OUTLINES[style].top(SHARES), OUTLINES[style].bottom(SHARES)
    assert (np.diff(top[20:]) >= 0).all()
    assert (np.diff(bottom[20:]) <= 0).all()
    np.testing.assert_allclose(top, top[::-1])
    assert top[20] == 0.0
    # Nose, mouth and chin lie between the two on the middle line.
    assert bottom[20] > 0.92
    assert (bottom - top).min() > 0.2


@pytest.mark.parametrize("style", STYLES)
def test_the_outline_is_one_area_within_its_head(style):
    canvas = Canvas(200, 0.0, Margins(0.1, 0.1, 0.6))
    x, y = OUTLINES[style].polygon(canvas).T
    area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    assert 0.5 < area / (200 * canvas.height) < 1.6
    np.testing.assert_allclose(x.min() + x.max(), 240, atol=1)
    assert x.min() >= 20 - 200 * OUTLINES[style].overhang - 1


def test_only_what_goes_around_the_head_reaches_the_ears():
    around = {style for style in STYLES if OUTLINES[style].half_angle >= 90}
    assert around == {"bandana", "gaiter"}
    assert {style for style in STYLES if OUTLINES[style].bottom_edge > 1.2} == around
