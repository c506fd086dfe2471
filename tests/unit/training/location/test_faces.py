from __future__ import annotations

import numpy as np

from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training.location.faces import masked_photo_faces, photo_faces
from maskmesh.training.location.photos import Photo


def _photo(faces, covered=False):
    gray = read_picture(faces / "obama.jpg", "L")
    box = np.array([[180.0, 45.0, 195.0, 195.0]])
    nothing = np.zeros((0, 4))
    return Photo("obama.jpg", gray, box, np.array([covered]), np.array([True]), nothing)


def test_bare_faces_get_masks_and_only_there_the_picture_changes(faces):
    photo = _photo(faces)
    masked = masked_photo_faces([photo], variants=2, seed=3)
    assert len(masked) == 2
    for face in masked:
        assert face.covered
        changed = np.argwhere(face.picture.level(0) != face.bare.level(0))
        x, y, width, height = face.box
        inside = (changed >= (y, x)) & (changed <= (y + 1.2 * height, x + width))
        assert inside.mean() > 0.95
        assert len(changed) > 0.1 * width * height


def test_faces_that_wear_a_mask_get_no_second_one(faces):
    assert masked_photo_faces([_photo(faces, covered=True)], variants=2, seed=3) == []
    (face,) = photo_faces([_photo(faces, covered=True)])
    assert face.covered
    assert face.bare is None
