from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.canvas import Canvas, Margins
from maskmesh.services.mask_synthesis.outlines import OUTLINES
from maskmesh.services.mask_synthesis.straps import STRAPS, strap_coverage

MARGINS = Margins(side=0.1, top=0.35, bottom=0.06)


def coverage(style: str, turn: float) -> np.ndarray:
    return strap_coverage(Canvas(256, turn, MARGINS), OUTLINES[style], STRAPS[style])


@pytest.mark.parametrize("style", sorted(STRAPS))
def test_straps_run_on_both_sides_and_leave_the_middle_free(style):
    drawn = coverage(style, 0.0)
    assert drawn.shape == Canvas(256, 0.0, MARGINS).shape
    assert drawn.min() == 0.0
    assert drawn.max() == 1.0
    columns = np.flatnonzero(drawn.max(axis=0) > 0.5)
    middle = drawn.shape[1] // 2
    assert columns.min() < middle - 90
    assert columns.max() > middle + 90
    assert not ((columns > middle - 80) & (columns < middle + 80)).any()


@pytest.mark.parametrize("style", sorted(STRAPS))
def test_there_are_two_on_a_side(style):
    canvas = Canvas(256, 0.0, MARGINS)
    column = int(canvas.pixels(canvas.place(np.array([74.0])), np.zeros(1))[0, 0])
    inked = coverage(style, 0.0)[:, column] > 0.4
    assert np.count_nonzero(np.diff(inked.astype(int)) == 1) == 2


def test_the_far_straps_of_a_turned_head_are_hidden():
    drawn = coverage("surgical", 40.0)
    middle = drawn.shape[1] // 2
    assert drawn[:, middle + 40 :].max() == 0.0
    assert drawn[:, :middle].max() > 0.9


def test_straps_vanish_behind_the_ear():
    drawn = coverage("surgical", 0.0)
    columns = drawn.max(axis=0)
    first = np.flatnonzero(columns)[0]
    assert columns[first] < 0.3


def test_head_bands_go_higher_than_loops():
    highest = {
        style: np.flatnonzero(coverage(style, 0.0).max(axis=1))[0] for style in ("n95", "kn95")
    }
    assert highest["n95"] < highest["kn95"] - 10
