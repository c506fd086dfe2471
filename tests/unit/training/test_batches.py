from __future__ import annotations

import numpy as np
import pytest

from maskmesh.training.batches import BatchMaker, TrainingFaces, steps_of
from maskmesh.training.recipe import load_recipe
from maskmesh.training.wearing import CachedMasks

from .conftest import PaintedMasks, quick

STILL = {"flip": False, "shift_px": 0.0, "rotate_degrees": 0.0, "zoom": 0.0}
CALM = {"contrast": 0.0, "brightness": 0.0, "mixup_alpha": 0.0, "label_smoothing": 0.0}
PLAIN_LABELS = {"class_balance": "none"}


def numbered_faces(count: int, variants: int, worn: bool = True) -> TrainingFaces:
    """Faces whose pixels all are their number; masked ones are 100 + 10 * variant + number."""
    numbers = np.arange(count, dtype=np.uint8)
    plain = np.broadcast_to(numbers[:, None, None], (count, 48, 48)).copy()
    offsets = 100 + 10 * np.arange(variants, dtype=np.uint8)
    masked = plain[:, None] + offsets[None, :, None, None]
    masks = CachedMasks(masked, np.full((count, variants), worn), np.zeros(count, int))
    return TrainingFaces(plain, numbers.astype(int) % 7, masks)


def test_batches_show_every_face_once_with_its_own_target() -> None:
    recipe = load_recipe("paper", batch_size=4, masked_share_start=0.5, **STILL)
    maker = BatchMaker(numbered_faces(10, 2), recipe)
    seen = []
    for index in range(len(maker)):
        inputs, wanted = maker.make(0, index)
        values = inputs["faces"][:, 20, 20, 0]
        np.testing.assert_array_equal(wanted["mask"][:, 0], values >= 100)
        np.testing.assert_array_equal(wanted["probabilities"].argmax(axis=1), values % 10 % 7)
        seen.extend(values % 10)
    assert sorted(seen) == list(range(10))
    assert [len(maker.make(0, k)[0]["faces"]) for k in range(len(maker))] == [4, 4, 2]


def test_a_face_that_took_no_mask_is_not_called_masked() -> None:
    bare = numbered_faces(6, 2, worn=False)
    maker = BatchMaker(bare, load_recipe("paper", batch_size=6, masked_share_start=1.0, **STILL))
    assert maker.make(0, 0)[1]["mask"].tolist() == [[0.0]] * 6


def test_twins_are_the_same_faces_without_and_with_a_mask() -> None:
    recipe = quick("best", batch_size=8, **STILL, **CALM, **PLAIN_LABELS)
    maker = BatchMaker(numbered_faces(10, 1), recipe)
    assert len(maker) == 3
    images, wanted = maker.make(0, 0)
    values = images["faces"][:, 20, 20, 0]
    assert images["faces"].shape == (8, 48, 48, 1)
    np.testing.assert_array_equal(values[4:], values[:4] + 100)
    np.testing.assert_array_equal(wanted["mask"][:, 0], [0, 0, 0, 0, 1, 1, 1, 1])
    np.testing.assert_array_equal(wanted["probabilities"][:4], wanted["probabilities"][4:])
    np.testing.assert_array_equal(wanted["probabilities"].argmax(axis=1)[:4], values[:4] % 7)
    assert len(maker.make(0, 2)[0]["faces"]) == 4


def test_twins_are_distorted_and_mixed_alike() -> None:
    rng = np.random.default_rng(1)
    plain = rng.integers(0, 180, (16, 48, 48), dtype=np.uint8)
    recipe = quick("best", batch_size=32, shift_px=0.0, contrast=0.0, erase_share=0.5)
    maker = BatchMaker(TrainingFaces(plain, np.arange(16) % 7, PaintedMasks(plain)), recipe)
    shown = maker.make(0, 0)[0]["faces"][..., 0]
    # Masks are painted on rows from 30 on; a turn moves what is above by some pixels.
    np.testing.assert_array_equal(shown[:16, :14], shown[16:, :14])
    assert (shown[:16, 40:] != shown[16:, 40:]).mean() > 0.5


def test_batches_depend_on_epoch_and_index_alone() -> None:
    faces = numbered_faces(20, 2)
    one, other = (BatchMaker(faces, quick("best", batch_size=8)) for _ in range(2))
    one.make(0, 1)
    for mine, theirs in zip(one.make(2, 1), other.make(2, 1), strict=True):
        for key, value in mine.items():
            np.testing.assert_array_equal(value, theirs[key])


def test_a_teachers_answers_stand_behind_the_targets() -> None:
    faces = numbered_faces(7, 1)
    answers = np.full((7, 7), 0.02, np.float32) + 0.86 * np.eye(7, dtype=np.float32)
    taught = TrainingFaces(faces.plain, faces.labels, faces.wardrobe, teacher=answers)
    recipe = load_recipe("paper", batch_size=7, **STILL)
    wanted = BatchMaker(taught, recipe).make(0, 0)[1]["probabilities"]
    assert wanted.shape == (7, 14)
    np.testing.assert_allclose(wanted[:, 7:], answers[wanted[:, :7].argmax(axis=1)], rtol=1e-5)


@pytest.mark.parametrize(
    ("faces", "teacher", "steps"), [(10, "", 2), (8, "", 1), (8, "twin", 2), (9, "twin", 3)]
)
def test_steps_of_an_epoch(faces: int, teacher: str, steps: int) -> None:
    assert steps_of(faces, load_recipe("paper", batch_size=8, teacher=teacher)) == steps
