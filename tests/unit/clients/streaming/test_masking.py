from __future__ import annotations

import numpy as np
import pytest

from maskmesh.clients.mesh.results import Face, KnownMasks
from maskmesh.clients.streaming.masking import FrameMasker, MaskWish, check_wish
from maskmesh.services.runtime.errors import NotFoundError, UnavailableError


def test_masks_land_where_the_faces_are_and_nowhere_else(fake_mesh, picture):
    bgr = picture((40, 30, 20, 90), (130, 90, 30, 90))
    before = bgr.copy()
    faces = (Face((40, 30, 20, 20), 1.0, track=3), Face((130, 90, 30, 30), 1.0, track=4))
    masked, note = FrameMasker(fake_mesh, MaskWish("cloth", "white", 10)).mask(bgr, faces)
    assert note is None
    np.testing.assert_array_equal(bgr, before)
    for x, y, side, _ in ((40, 30, 20, 90), (130, 90, 30, 90)):
        area = masked[y : y + side, x : x + side]
        # The fake masks in R, G, B = 200, 210, 220.
        assert (area == (220, 210, 200)).all()
        masked[y : y + side, x : x + side] = bgr[y : y + side, x : x + side]
    np.testing.assert_array_equal(masked, bgr)
    assert fake_mesh.log == ["mask cloth white 13", "mask cloth white 14"]


def test_a_face_without_room_for_a_mask_is_left_and_noted(fake_mesh, picture):
    bgr = picture((40, 30, 20, 90))
    face = Face((40, 30, 20, 20), 1.0)
    masked, note = FrameMasker(fake_mesh, MaskWish("impossible")).mask(bgr, (face,))
    np.testing.assert_array_equal(masked, bgr)
    assert note == "1 of 1 faces got no mask: the landmarks leave no area"


def test_a_wish_is_held_against_what_the_service_knows():
    known = KnownMasks(("surgical", "cloth"), ("white",), ("plain",), ("proper",))
    check_wish(MaskWish(), known)
    check_wish(MaskWish("cloth", "white"), known)
    check_wish(MaskWish("cloth", "#20a040"), known)
    with pytest.raises(NotFoundError, match="no mask style 'x': choose one of surgical, cloth"):
        check_wish(MaskWish("x", "white"), known)
    with pytest.raises(NotFoundError, match="no mask colour 'red': choose one of white"):
        check_wish(MaskWish("cloth", "red"), known)


def test_a_service_that_went_away_is_not_hidden(fake_mesh, picture):
    fake_mesh.failures["mask"] = [UnavailableError("gone")]
    with pytest.raises(UnavailableError):
        FrameMasker(fake_mesh, MaskWish()).mask(picture(), (Face((0, 0, 20, 20), 1.0),))
