from __future__ import annotations

from itertools import islice

import cv2
import numpy as np
import pytest

from maskmesh.training.location.negatives import Mining, backgrounds, mine

BRIGHTEST = 250


@pytest.fixture(scope="module")
def dotted(ring_photos):
    """The ring photos with a dot in the middle of each ring, brighter than all else."""
    from dataclasses import replace

    photos = []
    for photo in ring_photos:
        gray = np.minimum(photo.gray, 200)
        x, y, side, _ = photo.faces[0]
        cv2.circle(gray, (int(x + side / 2), int(y + side / 2)), int(side * 0.2), BRIGHTEST, -1)
        photos.append(replace(photo, gray=gray))
    return photos


def test_faces_stay_where_they_are_whatever_is_done_to_the_photo(dotted):
    for background in islice(backgrounds(dotted, 1), 200):
        (box,) = background.taboo
        x, y = (box[:2] + box[2:] / 2).astype(int)
        assert background.gray[y, x] > 230


def test_no_window_is_a_face(dotted):
    patches, windows = mine(backgrounds(dotted, 2), None, Mining(24, 1.0, 1500, seed=3))
    assert patches.shape == (1500, 24, 24)
    assert windows > 0
    # A window on the face would show the dot in its middle, and the ring around.
    bright = patches[:, 9:15, 9:15].min(axis=(1, 2)) > 230
    framed = patches[:, [1, 1, -2, -2], [1, -2, 1, -2]].max(axis=1) < 75
    assert not (bright & framed).any()


def test_mining_ends_with_the_pictures_it_may_look_at(dotted):
    patches, _ = mine(backgrounds(dotted, 2), None, Mining(24, 1.0, 10**6, most_pictures=3))
    assert 0 < len(patches) <= 600


def test_the_same_seed_gives_the_same_windows(dotted):
    wanted = Mining(24, 0.9, 200, seed=5, patch=(32, 1.2))
    first, again = (mine(backgrounds(dotted, 7), None, wanted)[0] for _ in range(2))
    assert first.shape == (200, 32, 32)
    np.testing.assert_array_equal(first, again)
