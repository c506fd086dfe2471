from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.synthesizer import MaskedFace, MaskSynthesizer
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.training import masking
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.fits import predict_fits
from maskmesh.training.masking import MaskChunk, mask_faces, mask_seed, random_style, synthesizer


@pytest.fixture(scope="module")
def faces() -> LabelledFaces:
    """Drawn faces: dlib puts landmarks on any picture that is said to be one."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:48, :48]
    head = ((x - 24) / 17) ** 2 + ((y - 24) / 22) ** 2 < 1
    eyes = ((np.abs(x - 24) - 8) ** 2 + (y - 19) ** 2) < 9
    drawn = np.where(eyes, 40, np.where(head, 190, 70))
    images = np.clip(drawn + rng.normal(0, 6, (5, 48, 48)), 0, 255).astype(np.uint8)
    names = tuple(f"train/happy/{k}.png" for k in range(5))
    return LabelledFaces("train", images, np.full(5, 3), names, "a" * 64)


def test_masks_are_worn_and_the_same_again(
    faces: LabelledFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "CHUNK", 2)
    cache = tmp_path / "cache"
    first = mask_faces(faces, variants=2, seed=1, cache=cache, workers=2)
    assert first.images.shape == (5, 2, 48, 48)
    assert first.worn.all()
    lower, upper = first.images[:, :, 30:], first.images[:, :, :12]
    assert (lower != faces.images[:, None, 30:]).mean() > 0.3
    assert (upper == faces.images[:, None, :12]).mean() > 0.99

    chunks = sorted(cache.glob("masks-*/*.npz"))
    assert len(chunks) == 3
    kept = chunks[0].stat().st_mtime_ns
    chunks[1].unlink()
    again = mask_faces(faces, variants=2, seed=1, cache=cache, workers=1)
    np.testing.assert_array_equal(again.images, first.images)
    np.testing.assert_array_equal(again.confidence, first.confidence)
    assert chunks[0].stat().st_mtime_ns == kept
    assert not list(cache.glob("**/*partial*"))


def test_another_seed_gives_other_masks(faces: LabelledFaces, tmp_path: Path) -> None:
    one, two = (
        mask_faces(faces, variants=1, seed=seed, cache=tmp_path, workers=1) for seed in (1, 2)
    )
    assert (one.images != two.images).any()
    assert one.synthesis == two.synthesis


class RefusesDarkFaces(MaskSynthesizer):
    """Stands for a synthesis that finds no place for a mask on some faces."""

    def apply(self, image: np.ndarray, **options: object) -> MaskedFace:
        if image.mean() < 50:
            raise NoFaceError("no place for a mask")
        return super().apply(image, **options)


def test_faces_without_a_place_for_a_mask_stay_and_are_counted(
    faces: LabelledFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = faces.images.copy()
    images[1] = 10
    monkeypatch.setattr(masking, "synthesizer", RefusesDarkFaces)
    landmarks = predict_fits(images).landmarks
    chunk = MaskChunk(images, landmarks, 0, 2, 1, (), tmp_path / "masks.npz")
    assert len(chunk) == 5
    chunk.make()
    with np.load(chunk.file) as made:
        masked = masking.MaskedFaces(made["images"], made["worn"], made["confidence"], "")
    assert masked.worn.tolist() == [[True] * 2, [False] * 2, [True] * 2, [True] * 2, [True] * 2]
    np.testing.assert_array_equal(masked.images[1], images[[1, 1]])
    assert masked.unmasked == 1
    assert masked.bad_fits >= 1


def test_seeds_differ_by_every_part() -> None:
    seeds = {
        mask_seed(seed, face, variant)
        for seed in range(3)
        for face in range(50)
        for variant in range(3)
    }
    assert len(seeds) == 450


def test_styles_that_are_held_out_are_never_worn() -> None:
    held_out = ("surgical", "bandana")
    styles = [random_style(seed, held_out) for seed in range(300)]
    assert set(styles) == set(masking.WORN_STYLES) - {*held_out}
    assert styles.count("cloth") > styles.count("clear")
    assert random_style(7, held_out) == random_style(7, held_out)
    assert random_style(7, ()) == "random"


def test_held_out_styles_have_a_cache_of_their_own(faces: LabelledFaces, tmp_path: Path) -> None:
    others = tuple(style for style in masking.WORN_STYLES if style != "gaiter")
    one = mask_faces(faces, variants=1, seed=3, cache=tmp_path, workers=1, held_out=others)
    two = mask_faces(faces, variants=1, seed=3, cache=tmp_path, workers=1)
    assert (one.images != two.images).any()
    seed = mask_seed(3, 0, 0)
    wanted = synthesizer().apply(faces.images[0], style="gaiter", seed=seed)
    np.testing.assert_array_equal(one.images[0, 0], wanted.image)
