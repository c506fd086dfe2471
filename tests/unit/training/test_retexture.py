"""Other looks for synthetic masks."""

from __future__ import annotations

import numpy as np

from maskmesh.training.retexture import retexture


def test_another_texture_changes_the_mask_alone():
    random = np.random.default_rng(5)
    bare = np.full((48, 48), 150, np.uint8)
    patch = bare.copy()
    patch[26:44, 8:40] = 230
    levels = set()
    for _ in range(20):
        textured = retexture(patch, bare, random)
        np.testing.assert_array_equal(textured[:20], bare[:20])
        levels.add(int(textured[34, 24]))
    assert max(levels) - min(levels) > 100


def test_where_no_mask_shows_nothing_changes():
    bare = np.full((48, 48), 150, np.uint8)
    unchanged = retexture(bare, bare, np.random.default_rng(5))
    np.testing.assert_array_equal(unchanged, bare)
