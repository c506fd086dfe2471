from __future__ import annotations

from pathlib import Path

import numpy as np

from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training.batches import TrainingFaces
from maskmesh.training.location.photos import Photo
from maskmesh.training.mask_output.samples import real_faces, synthetic_faces
from tests.unit.training.conftest import PaintedMasks, striped_faces

FACES = Path(__file__).parents[3] / "fixtures" / "faces"


def test_synthetic_faces_come_bare_and_masked() -> None:
    plain, labels = striped_faces(4, seed=0)
    found = synthetic_faces(TrainingFaces(plain, labels, PaintedMasks(plain)), most=10, seed=1)
    assert len(found) == 10
    assert found.worn.tolist() == [False] * 5 + [True] * 5
    np.testing.assert_array_equal(found.images[:5, :30], found.images[5:, :30])
    assert (found.images[5:, 30:] == 180).all()


def test_faces_are_cut_out_where_they_are_found_or_else_where_they_are_known() -> None:
    gray = read_picture(FACES / "astronaut.jpg", "L")
    known = np.array([[168.0, 60.0, 111.0, 111.0], [400.0, 400.0, 60.0, 60.0]])
    photo = Photo("a.jpg", gray, known, np.array([False, True]), np.array([True, True]), known[:0])
    found = real_faces([photo])
    assert found.images.shape == (2, 48, 48)
    assert found.worn.tolist() == [False, True]
    patch = gray[400:460, 400:460].astype(float)
    assert abs(found.images[1].mean() - patch.mean()) < 3
