from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from maskmesh.training.plan import PATCH_SIDES, plan_epoch, plan_mix
from maskmesh.training.recipe import load_recipe

STILL = {"flip": False, "shift_px": 0.0, "rotate_degrees": 0.0, "zoom": 0.0}


@pytest.mark.parametrize("name", ["paper", "best"])
def test_a_plan_depends_on_seed_and_epoch_alone(name: str) -> None:
    recipe = load_recipe(name)
    first, again = (plan_epoch(recipe, 4, 50, 48) for _ in range(2))
    for field in dataclasses.fields(first):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(again, field.name))
    assert (first.order != plan_epoch(recipe, 5, 50, 48).order).any()
    other_seed = load_recipe(name, seed=recipe.seed + 1)
    assert (first.order != plan_epoch(other_seed, 4, 50, 48).order).any()


def test_the_masked_share_holds() -> None:
    steady = {"masked_share_ramp_epochs": 0}
    plan = plan_epoch(load_recipe("paper", masked_share=0.7, **steady), 0, 20_000, 48)
    assert plan.worn.mean() == pytest.approx(0.7, abs=0.015)
    assert plan_epoch(load_recipe("paper", masked_share=1.0, **steady), 0, 500, 48).worn.all()


def test_without_distortion_faces_stay_as_they_are() -> None:
    plan = plan_epoch(load_recipe("paper", **STILL), 0, 5, 48)
    np.testing.assert_allclose(plan.transforms, np.eye(3)[None, :2].repeat(5, 0), atol=1e-6)
    assert (plan.gain == 1).all()
    assert (plan.bias == 0).all()
    assert (plan.patches[:, 2:4] == 0).all()


def test_shifts_and_light_stay_within_their_bounds() -> None:
    recipe = load_recipe("best", **{**STILL, "shift_px": 2.0})
    plan = plan_epoch(recipe, 0, 500, 48)
    shifts = plan.transforms[:, :, 2]
    assert np.abs(shifts).max() <= 2.0
    assert np.abs(shifts).max() > 1.9
    assert 0.95 * recipe.contrast < np.abs(np.log(plan.gain)).max() <= recipe.contrast + 1e-6
    assert 0.95 * recipe.brightness < np.abs(plan.bias).max() <= recipe.brightness


def test_patches_lie_inside_and_are_as_many_as_wanted() -> None:
    patches = plan_epoch(load_recipe("best", erase_share=0.3), 0, 5000, 48).patches
    left, top, width, height, level = patches.T
    erased = width > 0
    assert erased.mean() == pytest.approx(0.3, abs=0.02)
    assert (erased == (height > 0)).all()
    assert width[erased].min() == PATCH_SIDES[0]
    assert width[erased].max() == PATCH_SIDES[1] - 1
    assert min(left.min(), top.min(), level.min()) >= 0
    assert max((left + width).max(), (top + height).max()) <= 48
    assert level.max() <= 255


def test_mixup_keeps_more_than_half_of_itself() -> None:
    mix = plan_mix(load_recipe("best", mixup_alpha=1.0), 0, 3, 4000, 48)
    assert mix is not None
    assert mix.boxes is None
    assert 0.5 <= mix.share.min() < 0.51
    assert mix.share.max() > 0.99
    np.testing.assert_array_equal(np.sort(mix.partners), np.arange(4000))


def test_cutmix_shares_are_those_of_the_boxes() -> None:
    mix = plan_mix(load_recipe("best", mixup_alpha=0.0, cutmix_alpha=1.0), 0, 3, 500, 48)
    assert mix is not None
    assert mix.boxes is not None
    left, top, right, bottom = mix.boxes.T
    assert mix.boxes.min() >= 0
    assert mix.boxes.max() <= 48
    np.testing.assert_allclose(mix.share, 1 - (right - left) * (bottom - top) / 48**2, rtol=1e-6)
    # A box of half the picture at most, its sides rounded.
    assert mix.share.min() >= 0.48


def test_mixing_depends_on_seed_epoch_and_batch() -> None:
    recipe = load_recipe("best")
    drawn = [
        plan_mix(recipe, epoch, batch, 20, 48) for epoch, batch in ((0, 0), (0, 0), (0, 1), (1, 0))
    ]
    shares = [mix.share for mix in drawn if mix is not None]
    np.testing.assert_array_equal(shares[0], shares[1])
    assert (shares[0] != shares[2]).any()
    assert (shares[0] != shares[3]).any()


def test_either_way_of_mixing_is_taken_by_chance() -> None:
    recipe = load_recipe("best", mixup_alpha=0.2, cutmix_alpha=1.0)
    boxes = [plan_mix(recipe, 0, batch, 4, 48).boxes for batch in range(60)]
    assert 15 < sum(box is None for box in boxes) < 45


def test_nothing_is_mixed_unless_wanted() -> None:
    assert plan_mix(load_recipe("paper"), 0, 0, 32, 48) is None


def test_half_of_the_faces_are_blurred_and_half_are_noisy() -> None:
    plan = plan_epoch(load_recipe("best", blur_px=1.5, noise=10.0), 0, 4000, 48)
    for strengths, largest in ((plan.blur, 1.5), (plan.noise, 10.0)):
        assert (strengths > 0).mean() == pytest.approx(0.5, abs=0.03)
        assert 0.99 * largest < strengths.max() <= largest
    assert ((plan.blur > 0) & (plan.noise > 0)).mean() == pytest.approx(0.25, abs=0.03)
    assert plan.noise_corners.min() >= 0
    assert plan.noise_corners.max() + 48 <= len(plan.noise_field)


def test_blur_and_noise_change_nothing_else_of_a_plan() -> None:
    without = plan_epoch(load_recipe("best"), 3, 50, 48)
    assert not without.blur.any()
    assert not without.noise.any()
    plan = plan_epoch(load_recipe("best", blur_px=1.5, noise=10.0), 3, 50, 48)
    for name in ("order", "worn", "transforms", "gain", "bias", "patches"):
        np.testing.assert_array_equal(getattr(plan, name), getattr(without, name))
