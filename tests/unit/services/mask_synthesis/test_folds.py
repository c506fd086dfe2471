from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.canvas import Canvas, Margins
from maskmesh.services.mask_synthesis.folds import FOLDS, PLEATS
from maskmesh.services.mask_synthesis.outlines import OUTLINES
from maskmesh.services.mask_synthesis.surface import Surface, surface_of

CANVAS = Canvas(256, 0.0, Margins(0.1, 0.1, 0.6))


def surface(style: str) -> Surface:
    return surface_of(CANVAS, OUTLINES[style])


def light_in_the_middle(style: str, beside: int = 0) -> np.ndarray:
    """Light down the column in the middle, or `beside` pixels from it."""
    light = np.broadcast_to(FOLDS[style](surface(style)).light, CANVAS.shape)
    return light[:, CANVAS.shape[1] // 2 + beside]


def inside(style: str) -> np.ndarray:
    here = surface(style)
    return (here.height > 0.02) & (here.height < 0.98) & (here.side < 0.98)


@pytest.mark.parametrize("style", sorted(FOLDS))
def test_light_is_uneven_symmetric_or_nearly_so_and_in_range(style):
    light = np.broadcast_to(FOLDS[style](surface(style)).light, CANVAS.shape)
    seen = light[inside(style)]
    assert seen.min() > 0.1
    assert seen.max() < 1.27
    assert seen.std() > 0.04
    assert np.abs(light - light[:, ::-1])[inside(style)].mean() < 0.05


def test_every_outline_has_folds():
    assert set(FOLDS) == set(OUTLINES)


def test_three_pleats_are_three_sudden_falls_of_light():
    down = surface("surgical").down[:, 0]
    # Beside the stitches, from the nose to the lower hem.
    column = light_in_the_middle("surgical", beside=30)[(down > 0.2) & (down < 0.9)]
    falls = np.diff(column) < -0.08
    assert np.count_nonzero(np.diff(falls.astype(int)) == 1) == len(PLEATS)


@pytest.mark.parametrize("style", ["cloth", "kn95"])
def test_a_seam_runs_down_the_middle(style):
    down = surface(style).down[:, 0]
    rows = (down > 0.3) & (down < 0.8)
    seam, beside = light_in_the_middle(style)[rows], light_in_the_middle(style, 9)[rows]
    assert (beside - seam).min() > 0.1


def test_surgical_and_clear_have_no_seam():
    for style in ("surgical", "gaiter"):
        middle, beside = light_in_the_middle(style), light_in_the_middle(style, 9)
        assert np.abs(middle - beside)[inside(style)[:, CANVAS.shape[1] // 2]].mean() < 0.03


@pytest.mark.parametrize("style", ["n95", "kn95"])
def test_a_clip_of_metal_lies_over_the_nose_only(style):
    metal = FOLDS[style](surface(style)).metal
    assert metal is not None
    here = surface(style)
    assert metal.max() > 0.5
    assert metal[np.broadcast_to(here.down > 0.2, metal.shape)].max() == 0.0
    assert metal[np.broadcast_to(here.side > 0.4, metal.shape)].max() == 0.0


def test_only_the_clear_mask_has_a_window_and_it_shows_the_mouth_not_the_nose():
    windows = {style: FOLDS[style](surface(style)).window for style in FOLDS}
    assert [style for style, window in windows.items() if window is not None] == ["clear"]
    window = windows["clear"]
    assert window is not None

    def at(across: float, down: float) -> float:
        x, y = CANVAS.pixels(np.array([across]), np.array([down]))[0].astype(int)
        return float(window[y, x])

    # Corners and lips of a mouth as they lie on most faces.
    for place in ((0.29, 0.43), (0.74, 0.43), (0.52, 0.37), (0.52, 0.56), (0.5, 0.66)):
        assert at(*place) == 1.0
    for place in ((0.5, 0.13), (0.41, 0.2), (0.5, 0.9), (0.1, 0.5)):
        assert at(*place) == 0.0
