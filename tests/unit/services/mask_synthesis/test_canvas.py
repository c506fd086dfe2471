from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.canvas import HEIGHT_TO_WIDTH, Canvas, Margins

MARGINS = Margins(side=0.1, top=0.2, bottom=0.5)


@pytest.mark.parametrize(("angle", "place"), [(-90, 0.0), (-30, 0.25), (0, 0.5), (90, 1.0)])
def test_a_head_that_looks_into_the_camera_is_a_cylinder(angle, place):
    canvas = Canvas(100, 0.0, MARGINS)
    assert canvas.place(np.array([float(angle)]))[0] == pytest.approx(place, abs=1e-6)


def test_a_turn_moves_the_middle_and_hides_the_far_side():
    canvas = Canvas(100, 30.0, MARGINS)
    middle, far, hidden = canvas.place(np.array([0.0, 60.0, 80.0]))
    assert middle == pytest.approx(0.75)
    assert far == hidden == 1.0


@pytest.mark.parametrize("turn", [-40.0, 0.0, 24.0])
def test_angles_and_places_are_inverse_to_each_other(turn):
    canvas = Canvas(100, turn, MARGINS)
    places = np.linspace(0.02, 0.98, 20)
    np.testing.assert_allclose(canvas.place(canvas.angles(places)), places, atol=1e-5)


def test_anchors_lie_within_the_margins_and_the_middle_between_them():
    canvas = Canvas(200, 30.0, MARGINS)
    height = 200 * HEIGHT_TO_WIDTH
    assert canvas.shape == (round(height * 1.7), 240)
    top, bottom = 0.2 * height, 1.2 * height
    corners = [[20, top], [220, top], [220, bottom], [20, bottom]]
    np.testing.assert_allclose(canvas.anchors(), corners, atol=0.01)
    np.testing.assert_allclose(canvas.middle(), [[170, top], [170, bottom]], atol=0.01)


def test_the_grid_meets_the_anchors():
    canvas = Canvas(200, 0.0, MARGINS)
    across, down = canvas.grid()
    assert (across.shape, down.shape) == ((1, 240), (canvas.shape[0], 1))
    # Pixel 20 is the first one right of the left pivots.
    assert across[0, 20] == pytest.approx(0.5 / 200, abs=1e-5)
    pixel = canvas.pixels(across[0, [20]], down[[30], 0])
    np.testing.assert_allclose(pixel, [[20.5, 30.5]], atol=1e-3)
