from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from maskmesh.training.augment import distorted, mixed, mixed_targets
from maskmesh.training.plan import EpochPlan, Mix, plan_epoch
from maskmesh.training.recipe import load_recipe

STILL = {"flip": False, "shift_px": 0.0, "rotate_degrees": 0.0, "zoom": 0.0}


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 48, 48), dtype=np.uint8)


def still(**changes: object) -> EpochPlan:
    plan = plan_epoch(load_recipe("paper", **STILL), 0, 30, 48)
    return dataclasses.replace(plan, **changes)


def test_a_still_plan_changes_nothing(faces: np.ndarray) -> None:
    np.testing.assert_array_equal(distorted([*faces], np.arange(30), still()), faces)


def test_flips_mirror_exactly(faces: np.ndarray) -> None:
    plan = plan_epoch(load_recipe("paper", **{**STILL, "flip": True}), 0, 30, 48)
    shown = distorted([*faces], np.arange(30), plan)
    kept = (shown == faces).all(axis=(1, 2))
    mirrored = (shown == faces[:, :, ::-1]).all(axis=(1, 2))
    assert (kept != mirrored).all()
    assert 5 < mirrored.sum() < 25


def test_a_shift_moves_the_picture(faces: np.ndarray) -> None:
    transforms = np.eye(3, dtype=np.float32)[None, :2].repeat(30, 0)
    transforms[:, 0, 2] = 2
    shown = distorted([*faces], np.arange(30), still(transforms=transforms))
    np.testing.assert_array_equal(shown[:, :, 2:], faces[:, :, :-2])


def test_light_follows_gain_and_bias_and_stops_at_black_and_white(faces: np.ndarray) -> None:
    gain, bias = np.full(30, 1.5, np.float32), np.full(30, -20, np.float32)
    shown = distorted([*faces], np.arange(30), still(gain=gain, bias=bias))
    wanted = np.clip(np.rint((faces.astype(float) - 128) * 1.5 + 108), 0, 255)
    np.testing.assert_array_equal(shown, wanted)


def test_patches_are_erased(faces: np.ndarray) -> None:
    patches = np.tile([3, 5, 10, 7, 99], (30, 1))
    shown = distorted([*faces], np.arange(30), still(patches=patches))
    assert (shown[:, 5:12, 3:13] == 99).all()
    shown[:, 5:12, 3:13] = faces[:, 5:12, 3:13]
    np.testing.assert_array_equal(shown, faces)


def test_rows_choose_from_the_plan(faces: np.ndarray) -> None:
    bias = np.zeros(30, np.float32)
    bias[7] = 300
    shown = distorted([faces[7], faces[7], faces[8]], np.array([7, 7, 8]), still(bias=bias))
    assert (shown[:2] == 255).all()
    np.testing.assert_array_equal(shown[2], faces[8])


def test_mixup_is_the_weighted_mean_in_all_views() -> None:
    views = np.stack([np.full((2, 48, 48), level, np.uint8) for level in (100, 200)])
    views[:, 1] += 10
    mix = Mix(np.array([1, 0]), np.array([0.75, 0.6], np.float32), None)
    shown = mixed(views, mix)
    assert np.unique(shown[0, 0]).tolist() == [125]
    assert np.unique(shown[0, 1]).tolist() == [135]
    assert np.unique(shown[1, 0]).tolist() == [160]


def test_cutmix_takes_a_box_of_the_other_in_all_views() -> None:
    views = np.stack([np.full((2, 48, 48), level, np.uint8) for level in (1, 2)])
    mix = Mix(np.array([1, 0]), np.ones(2, np.float32), np.array([[0, 0, 48, 12], [4, 4, 4, 4]]))
    shown = mixed(views, mix)
    assert (shown[0, :, :12] == 2).all()
    assert (shown[0, :, 12:] == 1).all()
    assert (shown[1] == 2).all()
    assert (views[0] == 1).all()


def test_targets_mix_in_the_same_shares() -> None:
    mix = Mix(np.array([1, 0]), np.array([0.75, 1.0], np.float32), None)
    targets = np.eye(2, dtype=np.float32)
    np.testing.assert_allclose(mixed_targets(targets, mix), [[0.75, 0.25], [0, 1]])
    np.testing.assert_allclose(mixed_targets(targets[:, 0], mix), [0.75, 0])


def test_blurred_faces_are_smoother_and_the_others_untouched(faces: np.ndarray) -> None:
    blur = np.zeros(30, np.float32)
    blur[::2] = np.linspace(0.5, 2.0, 15)
    shown = distorted([*faces], np.arange(30), still(blur=blur))
    np.testing.assert_array_equal(shown[1::2], faces[1::2])
    spread = shown[::2].std(axis=(1, 2))
    assert (np.diff(spread) < 0).all()
    assert spread[0] < 0.7 * faces[0].std()


def test_noise_has_the_strength_wanted_and_is_another_for_each_face() -> None:
    flat = np.full((30, 48, 48), 128, np.uint8)
    noise = np.linspace(0.0, 20.0, 30).astype(np.float32)
    shown = distorted([*flat], np.arange(30), still(noise=noise)).astype(float) - 128
    np.testing.assert_allclose(shown.std(axis=(1, 2)), noise, rtol=0.1, atol=0.4)
    assert abs(np.corrcoef(shown[20].ravel(), shown[21].ravel())[0, 1]) < 0.1
    edges = np.repeat(np.array([[0, 255]], np.uint8), 48 * 24, axis=0).reshape(1, 48, 48)
    assert distorted([*edges], np.array([29]), still(noise=noise)).dtype == np.uint8
