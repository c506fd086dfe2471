from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.synthesizer import MaskedFace, MaskSynthesizer
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.range_faces import range_faces

from .conftest import quick


@pytest.fixture(scope="module")
def faces() -> LabelledFaces:
    """Drawn faces, each of its own brightness."""
    y, x = np.mgrid[:48, :48]
    head = ((x - 24) / 17) ** 2 + ((y - 24) / 22) ** 2 < 1
    eyes = ((np.abs(x - 24) - 8) ** 2 + (y - 19) ** 2) < 9
    drawn = np.where(eyes, 40, np.where(head, 190, 70))
    images = (drawn[None] + np.arange(10)[:, None, None]).astype(np.uint8)
    names = tuple(f"train/happy/{k}.png" for k in range(10))
    return LabelledFaces("train", images, np.full(10, 3), names, "a" * 64)


def test_every_other_face_wears_a_mask(faces: LabelledFaces) -> None:
    before = faces.images.copy()
    drawn = range_faces(faces, quick("best"), count=6)
    assert drawn.shape == (6, 48, 48)
    same = [(drawn[k] == before).all(axis=(1, 2)).any() for k in range(6)]
    assert same == [False, True] * 3
    np.testing.assert_array_equal(range_faces(faces, quick("best"), count=6), drawn)
    np.testing.assert_array_equal(faces.images, before)
    assert len(range_faces(faces, quick("best"))) == 10


def test_held_out_styles_are_left_out_and_faces_without_a_place_stay_bare(
    faces: LabelledFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    styles: list[str] = []

    def refuse(self: MaskSynthesizer, image: np.ndarray, **how: object) -> MaskedFace:
        styles.append(str(how["style"]))
        raise NoFaceError("no place")

    monkeypatch.setattr(MaskSynthesizer, "apply", refuse)
    drawn = range_faces(faces, quick("best"))
    assert len(styles) == 5
    assert "bandana" not in styles
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(faces.images, axis=0))
