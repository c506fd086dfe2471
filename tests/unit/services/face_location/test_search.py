from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.face_location.artifacts import CASCADE_FILE, SHIPPED_MODELS
from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.face_location.proposals import WINDOW, load_cascade
from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.services.face_location.search import search_windows


@pytest.fixture(scope="module")
def cascade():
    return load_cascade(SHIPPED_MODELS / CASCADE_FILE)


def test_windows_pass_on_the_face(cascade, photos, true_boxes):
    found = search_windows(Pyramid(photos["obama"]), cascade, WINDOW, (WINDOW, 512))
    face = np.array([true_boxes["obama"]], np.float64)
    assert (iou_matrix(face, found) > 0.6).sum() >= 3


def test_windows_keep_to_the_sizes_asked_for(cascade, photos):
    everything = search_windows(Pyramid(photos["astronaut"]), cascade, WINDOW, (WINDOW, 512))
    some = search_windows(Pyramid(photos["astronaut"]), cascade, WINDOW, (60, 130))
    assert 0 < len(some) < len(everything)
    assert some[:, 2].min() >= 59
    assert some[:, 2].max() <= 131


def test_no_window_fits_a_picture_smaller_than_one(cascade):
    nothing = search_windows(Pyramid(np.zeros((20, 300), np.uint8)), cascade, WINDOW, (24, 300))
    assert nothing.shape == (0, 4)
