from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.canvas import Canvas, Margins
from maskmesh.services.mask_synthesis.outlines import OUTLINES
from maskmesh.services.mask_synthesis.surface import bump, crease, step, surface_of

CANVAS = Canvas(200, 0.0, Margins(0.1, 0.1, 0.1))
SURFACE = surface_of(CANVAS, OUTLINES["cloth"])


def test_heights_are_nought_and_one_at_the_edges():
    outline = OUTLINES["cloth"]
    for share in (-0.8, 0.0, 0.5):
        column = int(np.abs(SURFACE.share[0] - share).argmin())
        here = SURFACE.share[:, column]
        heights = np.interp(
            [float(outline.top(here)[0]), float(outline.bottom(here)[0])],
            SURFACE.down[:, 0],
            SURFACE.height[:, column],
        )
        np.testing.assert_allclose(heights, [0.0, 1.0], atol=1e-4)


def test_shares_are_one_at_the_ends_of_the_mask():
    place = CANVAS.place(np.array([OUTLINES["cloth"].half_angle]))
    column = round(float(CANVAS.pixels(place, np.zeros(1))[0, 0]))
    assert SURFACE.side[0, column] == pytest.approx(1.0, abs=0.03)
    assert SURFACE.side.max() <= 1.2
    assert SURFACE.pixel == pytest.approx(1 / CANVAS.height)


def test_bumps_and_steps():
    values = np.linspace(-1, 1, 201)
    assert bump(values, 0.25, 0.1).argmax() == 125
    assert bump(np.array([0.35]), 0.25, 0.1)[0] == pytest.approx(1 / np.e, rel=1e-5)
    stepped = step(values, 0.0, 0.2)
    assert (stepped[0], stepped[100], stepped[-1]) == (0.0, pytest.approx(0.5), 1.0)
    assert (np.diff(stepped) >= 0).all()


@pytest.mark.parametrize(("start", "end"), [((0.9, 0.2), (0.3, 0.5)), ((0.2, 0.8), (0.7, 0.5))])
def test_a_crease_is_dark_in_its_valley_and_light_above(start, end):
    light = crease(SURFACE, start, end, 0.04)
    at = [s + 0.2 * (e - s) for s, e in zip(start, end, strict=True)]
    column = int(np.abs(SURFACE.share[0] - at[0]).argmin())
    heights = SURFACE.height[:, column]
    valley = light[np.abs(heights - at[1]).argmin(), column]
    above = light[np.abs(heights - (at[1] - 0.075)).argmin(), column]
    assert valley < -0.4
    assert above > 0.15
    # Gone where it ends, and on the other side of that.
    column = int(np.abs(SURFACE.share[0] - end[0]).argmin())
    assert np.abs(light[:, column]).max() < 0.15
