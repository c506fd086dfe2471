from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.positions import POSITIONS
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training import wearing
from maskmesh.training.fits import FaceFits, predict_fits
from maskmesh.training.masking import MaskedFaces
from maskmesh.training.wearing import CachedMasks, FreshMasks

FACES = Path(__file__).parents[2] / "fixtures" / "faces"


def masked_faces(count: int, variants: int) -> MaskedFaces:
    images = np.arange(count * variants, dtype=np.uint8).reshape(count, variants, 1, 1)
    confidence = np.full((count, variants), 0.9, np.float32)
    return MaskedFaces(images, np.ones((count, variants), bool), confidence, "")


def test_cached_masks_are_worn_in_turn_from_one_of_its_own() -> None:
    masks = CachedMasks.of(masked_faces(40, 3), seed=1)
    worn = np.array(
        [[masks.masked(face, epoch)[0].item() for face in range(40)] for epoch in (0, 1, 2)]
    )
    np.testing.assert_array_equal(np.sort(worn, axis=0), np.arange(120).reshape(40, 3).T)
    assert len(set((worn[0] % 3).tolist())) == 3
    np.testing.assert_array_equal(masks.first, CachedMasks.of(masked_faces(40, 3), seed=1).first)


def test_cached_masks_that_fit_badly_are_not_called_worn() -> None:
    faces = masked_faces(3, 1)
    faces.confidence[1] = 0.1
    masks = CachedMasks.of(faces, seed=0, min_fit=0.2)
    assert [masks.masked(face, 0)[1] for face in range(3)] == [True, False, True]


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    import cv2

    photo = read_picture(FACES / "obama.jpg", "L")
    fits = MaskSynthesizer().apply(photo[:, :]).landmarks
    left, top = fits.min(axis=0).astype(int) - 40
    right, bottom = fits.max(axis=0).astype(int) + 40
    crop = photo[max(top, 0) : bottom, max(left, 0) : right]
    return np.stack([cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA)] * 2)


def test_fresh_masks_are_new_every_epoch_and_the_same_again(plain: np.ndarray) -> None:
    masks = FreshMasks(plain, predict_fits(plain), seed=2)
    seen = [masks.masked(0, epoch)[0] for epoch in range(4)]
    assert all(masks.masked(0, epoch)[1] for epoch in range(4))
    assert len({image.tobytes() for image in seen}) == 4
    np.testing.assert_array_equal(masks.masked(0, 1)[0], seen[1])
    assert (masks.masked(1, 0)[0] != seen[0]).any()
    assert (seen[0][30:] != plain[0][30:]).mean() > 0.2
    np.testing.assert_array_equal(seen[0][:10], plain[0][:10])


def test_fresh_masks_leave_out_bad_fits_and_faces_without_a_place(
    plain: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = FaceFits(predict_fits(plain).landmarks, np.array([0.1, 0.9], np.float32))
    masks = FreshMasks(plain, fits, seed=2, min_fit=0.2)
    image, worn = masks.masked(0, 0)
    assert not worn
    np.testing.assert_array_equal(image, plain[0])
    assert masks.masked(1, 0)[1]

    class Refuses:
        def apply(self, *args: object, **options: object) -> None:
            raise NoFaceError("no place")

    monkeypatch.setattr(wearing, "synthesizer", Refuses)
    image, worn = masks.masked(1, 0)
    assert not worn
    np.testing.assert_array_equal(image, plain[1])


def test_fresh_masks_hold_out_styles(plain: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    styles = []

    class Notes(MaskSynthesizer):
        def apply(self, image: np.ndarray, *, style: str, **options: object) -> object:
            styles.append(style)
            return super().apply(image, style=style, **options)

    monkeypatch.setattr(wearing, "synthesizer", Notes)
    masks = FreshMasks(plain, predict_fits(plain), seed=2, held_out=("surgical", "cloth"))
    for epoch in range(30):
        masks.masked(0, epoch)
    assert {"surgical", "cloth", "random"}.isdisjoint(styles)
    assert len(set(styles)) >= 4


def test_fresh_masks_are_worn_as_wanted(plain: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    positions = []

    class Notes(MaskSynthesizer):
        def apply(self, image: np.ndarray, **options: object) -> object:
            masked = super().apply(image, **options)
            positions.append(masked.position)
            return masked

    monkeypatch.setattr(wearing, "synthesizer", Notes)
    fits = predict_fits(plain)
    for position, seen in (("proper", {"proper"}), ("random", set(POSITIONS))):
        positions.clear()
        masks = FreshMasks(plain, fits, seed=2, position=position)
        for epoch in range(40):
            masks.masked(0, epoch)
        assert set(positions) == seen


def test_some_masks_get_another_look_the_same_again(plain: np.ndarray) -> None:
    fits = predict_fits(plain)
    drawn = FreshMasks(plain, fits, seed=2)
    other = FreshMasks(plain, fits, seed=2, retexture_share=0.5)
    changed = []
    for epoch in range(30):
        before, after = drawn.masked(0, epoch)[0], other.masked(0, epoch)[0]
        changed.append((before != after).any())
        assert (after[:10] != plain[0][:10]).mean() < 0.05
        np.testing.assert_array_equal(other.masked(0, epoch)[0], after)
    assert 8 < sum(changed) < 22
