from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.synthesizer import MaskedFace, MaskSynthesizer
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.evaluation import dressing
from maskmesh.training.evaluation.dressing import Outfit, dress
from maskmesh.training.masking import mask_faces

GAITER, LOW = Outfit(style="gaiter"), Outfit(position="on_chin")


def test_nothing_named_is_the_mask_that_evaluate_puts_on(
    drawn_faces: LabelledFaces, tmp_path: Path
) -> None:
    worn = dress(drawn_faces, [Outfit()], seed=7, cache=tmp_path / "a", workers=1)[Outfit()]
    same = mask_faces(drawn_faces, variants=1, seed=7, cache=tmp_path / "b", workers=1)
    np.testing.assert_array_equal(worn.images, same.images[:, 0])
    assert worn.worn.all()


def test_outfits_differ_and_keep_the_order_of_faces(
    drawn_faces: LabelledFaces, tmp_path: Path
) -> None:
    every = dress(drawn_faces, [GAITER, LOW], seed=7, cache=tmp_path, workers=1)
    gaiter, low = every[GAITER].images, every[LOW].images
    assert gaiter.shape == low.shape == drawn_faces.images.shape
    assert (gaiter != low).any(axis=(1, 2)).all()
    # A mask on the chin leaves the nose free, a gaiter does not.
    nose = (slice(None), slice(26, 31), slice(20, 28))
    changed = [(images != drawn_faces.images)[nose].mean() for images in (gaiter, low)]
    assert changed[0] > 0.5 > changed[1]
    alone = dress(drawn_faces, [LOW], seed=7, cache=tmp_path / "again", workers=1)
    np.testing.assert_array_equal(alone[LOW].images, low)


def test_a_face_without_a_place_stays_as_it_is(
    drawn_faces: LabelledFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class RefusesTheSecond(MaskSynthesizer):
        def apply(self, image: np.ndarray, **options: object) -> MaskedFace:
            if np.array_equal(image, drawn_faces.images[1]):
                raise NoFaceError("no place")
            return super().apply(image, **options)

    monkeypatch.setattr(dressing, "synthesizer", RefusesTheSecond)
    found = dress(drawn_faces, [GAITER], seed=7, cache=tmp_path, workers=1)[GAITER]
    assert found.worn.tolist() == [True, False, True]
    np.testing.assert_array_equal(found.images[1], drawn_faces.images[1])
