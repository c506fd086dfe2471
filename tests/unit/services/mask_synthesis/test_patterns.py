from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.patterns import MASK_PATTERNS, PLAIN, pattern_share

PIXEL = 1 / 400
ACROSS = (np.arange(400, dtype=np.float32) * PIXEL - 0.5)[None, :]
DOWN = (np.arange(300, dtype=np.float32) * PIXEL)[:, None]
PRINTED = [pattern for pattern in MASK_PATTERNS if pattern != PLAIN]
SHARES = {pattern: pattern_share(pattern, ACROSS, DOWN, PIXEL) for pattern in MASK_PATTERNS}


def test_plain_fabric_has_one_colour():
    assert SHARES[PLAIN].shape == (300, 400)
    assert SHARES[PLAIN].max() == 0.0


@pytest.mark.parametrize("pattern", PRINTED)
def test_a_pattern_has_both_colours_everywhere(pattern):
    shares = SHARES[pattern]
    assert shares.shape == (300, 400)
    assert 0.0 <= shares.min() < 0.05
    assert 0.95 < shares.max() <= 1.0
    assert 0.1 < shares.mean() < 0.65
    for part in (shares[:150, :200], shares[:150, 200:], shares[150:, :200], shares[150:, 200:]):
        assert 0.07 < part.mean() < 0.7


def test_patterns_are_different():
    for first in PRINTED:
        for second in PRINTED:
            if first < second:
                assert np.abs(SHARES[first] - SHARES[second]).mean() > 0.15


@pytest.mark.parametrize("pattern", PRINTED)
def test_edges_are_soft_over_a_pixel_and_coarse_pixels_keep_the_mean(pattern):
    coarse = pattern_share(pattern, ACROSS[:, ::4], DOWN[::4], 4 * PIXEL)
    assert coarse.mean() == pytest.approx(SHARES[pattern].mean(), abs=0.06)
    assert ((coarse > 0.05) & (coarse < 0.95)).mean() > ((SHARES[pattern] % 0.5) > 0.05).mean()


def test_checks_are_darkest_where_bands_cross():
    assert set(np.unique(SHARES["checks"].round(3))) >= {0.0, 0.5, 1.0}


def test_stripes_run_across_and_sag():
    stripes = SHARES["stripes"]
    rows = np.abs(np.diff(stripes, axis=0)).mean()
    columns = np.abs(np.diff(stripes, axis=1)).mean()
    assert rows > 2 * columns > 0
