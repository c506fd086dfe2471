from __future__ import annotations

import numpy as np
import pytest

from maskmesh.training.epochs import EpochBatches, TrainingFaces, plan_epoch, targets
from maskmesh.training.recipe import load_recipe

STEADY = {"masked_share_ramp_epochs": 0}
STILL = {
    "masked_share_ramp_epochs": 0,
    "flip": False,
    "shift_px": 0.0,
    "rotate_degrees": 0.0,
    "zoom": 0.0,
}


def numbered_faces(count: int, variants: int) -> TrainingFaces:
    """Faces whose pixels all are their number; masked ones are 100 + 10 * variant + number."""
    numbers = np.arange(count, dtype=np.uint8)
    plain = np.broadcast_to(numbers[:, None, None], (count, 48, 48)).copy()
    worn = 100 + 10 * np.arange(variants, dtype=np.uint8)
    masked = plain[:, None] + worn[None, :, None, None]
    return TrainingFaces(plain, masked, np.ones((count, variants), bool), numbers.astype(int) % 7)


def test_a_plan_depends_on_seed_and_epoch_alone() -> None:
    recipe = load_recipe("paper")
    first, again = (plan_epoch(recipe, 4, 50, 3, 48) for _ in range(2))
    for name in ("order", "variant", "transforms"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert (first.order != plan_epoch(recipe, 5, 50, 3, 48).order).any()
    other_seed = load_recipe("paper", seed=recipe.seed + 1)
    assert (first.order != plan_epoch(other_seed, 4, 50, 3, 48).order).any()


def test_the_masked_share_holds() -> None:
    plan = plan_epoch(load_recipe("paper", masked_share=0.7, **STEADY), 0, 20_000, 3, 48)
    assert (plan.variant >= 0).mean() == pytest.approx(0.7, abs=0.015)
    everyone = plan_epoch(load_recipe("paper", masked_share=1.0, **STEADY), 0, 500, 3, 48)
    assert (everyone.variant >= 0).all()


def test_every_epoch_takes_the_next_mask() -> None:
    recipe = load_recipe("paper", masked_share=1.0, **STEADY)
    variants = np.stack([plan_epoch(recipe, epoch, 40, 3, 48).variant for epoch in range(3)])
    np.testing.assert_array_equal(np.sort(variants, axis=0), np.arange(3)[:, None].repeat(40, 1))


def test_batches_show_every_face_once_with_its_own_target() -> None:
    faces = numbered_faces(10, 2)
    batches = EpochBatches(faces, load_recipe("paper", batch_size=4, masked_share=0.5, **STILL), 0)
    seen = []
    for index in range(len(batches)):
        inputs, wanted = batches[index]
        values = inputs["faces"][:, 20, 20, 0]
        np.testing.assert_array_equal(wanted["mask"][:, 0], values >= 100)
        np.testing.assert_array_equal(wanted["probabilities"].argmax(axis=1), values % 10 % 7)
        seen.extend(values % 10)
    assert sorted(seen) == list(range(10))
    assert [len(batches[k][0]["faces"]) for k in range(len(batches))] == [4, 4, 2]


def test_a_face_that_took_no_mask_is_not_called_masked() -> None:
    faces = numbered_faces(6, 2)
    bare = TrainingFaces(faces.plain, faces.masked, np.zeros((6, 2), bool), faces.labels)
    batches = EpochBatches(bare, load_recipe("paper", batch_size=6, masked_share=1.0, **STILL), 0)
    assert batches[0][1]["mask"].tolist() == [[0.0]] * 6


def test_a_later_epoch_can_be_begun_at_once() -> None:
    faces = numbered_faces(10, 2)
    recipe = load_recipe("paper", batch_size=10)
    gone_on, begun = EpochBatches(faces, recipe, 0), EpochBatches(faces, recipe, 3)
    gone_on.begin(3)
    np.testing.assert_array_equal(gone_on[0][0]["faces"], begun[0][0]["faces"])


def test_without_distortion_faces_stay_as_they_are() -> None:
    plan = plan_epoch(load_recipe("paper", **STILL), 0, 5, 2, 48)
    np.testing.assert_allclose(plan.transforms, np.eye(3)[None, :2].repeat(5, 0), atol=1e-6)


def test_flips_mirror_exactly() -> None:
    rng = np.random.default_rng(0)
    plain = rng.integers(0, 256, (30, 48, 48), dtype=np.uint8)
    faces = TrainingFaces(plain, plain[:, None], np.ones((30, 1), bool), np.zeros(30, int))
    settings = {**STILL, "flip": True}
    batches = EpochBatches(faces, load_recipe("paper", batch_size=30, **settings), 0)
    order = plan_epoch(load_recipe("paper", **settings), 0, 30, 1, 48).order
    shown = batches[0][0]["faces"][..., 0]
    kept = [bool((shown[k] == plain[row]).all()) for k, row in enumerate(order)]
    mirrored = [bool((shown[k] == plain[row][:, ::-1]).all()) for k, row in enumerate(order)]
    assert all(a != b for a, b in zip(kept, mirrored, strict=True))
    assert 5 < sum(mirrored) < 25


def test_shifts_stay_within_their_bound() -> None:
    settings = {**STILL, "shift_px": 2.0}
    shifts = plan_epoch(load_recipe("paper", **settings), 0, 500, 1, 48).transforms[:, :, 2]
    assert np.abs(shifts).max() <= 2.0
    assert np.abs(shifts).max() > 1.9


def test_targets() -> None:
    wanted = targets(np.array([6, 0]), np.array([True, False]))
    assert wanted["probabilities"].tolist() == [[0, 0, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 0, 0]]
    assert wanted["mask"].tolist() == [[1.0], [0.0]]
