"""What becomes of every face in an epoch; all of it follows from seed and epoch alone.

So an epoch that is repeated after a kill equals the one that was interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.training.recipe import Recipe

PATCH_SIDES = (6, 17)
NOISE_FIELD_SIDE = 256


@dataclass(frozen=True, slots=True)
class EpochPlan:
    """What becomes of every face in one epoch.

    Attributes:
        epoch: Its number, counted from 0.
        order: int64 [N], the order in which faces are shown.
        worn: bool [N], by face, whether it is to wear a mask; without meaning for twins.
        transforms: float32 [N, 2, 3], by face, affine maps in pixels for `cv2.warpAffine`.
        gain: float32 [N], by face, factor of the contrast about mid-gray.
        bias: float32 [N], by face, gray levels added.
        patches: int64 [N, 5], by face, left, top, width, height and gray level of the patch that is
            erased; width 0 for none.
        blur: float32 [N], by face, standard deviation of a Gaussian in pixels; 0 for none.
        noise: float32 [N], by face, standard deviation of noise in gray levels; 0 for none.
        noise_field: float32 [256, 256], normal numbers from which each face's noise is cut.
        noise_corners: int64 [N, 2], by face, top and left of that cut.
    """

    epoch: int
    order: NDArray[np.int64]
    worn: NDArray[np.bool_]
    transforms: NDArray[np.float32]
    gain: NDArray[np.float32]
    bias: NDArray[np.float32]
    patches: NDArray[np.int64]
    blur: NDArray[np.float32]
    noise: NDArray[np.float32]
    noise_field: NDArray[np.float32]
    noise_corners: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mix:
    """How the faces of a batch are mixed with each other.

    Attributes:
        partners: int64 [n], the row each one is mixed with.
        share: float32 [n], how much of itself it keeps.
        boxes: int64 [n, 4], left, top, right, bottom of what is taken from the partner in cutmix;
            None in mixup.
    """

    partners: NDArray[np.int64]
    share: NDArray[np.float32]
    boxes: NDArray[np.int64] | None


def plan_epoch(recipe: Recipe, epoch: int, count: int, size: int) -> EpochPlan:
    """Draw the plan of an epoch from the recipe's seed and the epoch's number."""
    rng = np.random.default_rng([recipe.seed, 1, epoch])
    order = rng.permutation(count)
    worn = rng.random(count) < recipe.masked_share_of(epoch)
    transforms = _transforms(recipe, rng, count, size)
    gain = np.exp(rng.uniform(-1, 1, count) * recipe.contrast).astype(np.float32)
    bias = (rng.uniform(-1, 1, count) * recipe.brightness).astype(np.float32)
    patches = _patches(recipe, rng, count, size)
    # Numbers of their own, so that runs without them stay the same.
    rng = np.random.default_rng([recipe.seed, 4, epoch])
    return EpochPlan(
        epoch,
        order,
        worn,
        transforms,
        gain,
        bias,
        patches,
        blur=_for_half(rng, count, recipe.blur_px),
        noise=_for_half(rng, count, recipe.noise),
        noise_field=rng.standard_normal((NOISE_FIELD_SIDE,) * 2, np.float32),
        noise_corners=rng.integers(0, NOISE_FIELD_SIDE - size, (count, 2)),
    )


def _for_half(rng: np.random.Generator, count: int, largest: float) -> NDArray[np.float32]:
    """Draw a strength from 0 to the largest for half of the faces, and 0 for the others."""
    chosen = rng.random(count) < 0.5
    return np.where(chosen, rng.uniform(0.0, largest, count), 0.0).astype(np.float32)


def plan_mix(recipe: Recipe, epoch: int, batch: int, count: int, size: int) -> Mix | None:
    """Draw how a batch of so many faces is mixed; None if the recipe mixes nothing.

    Source: Zhang et al. 2018, "mixup"; Yun et al. 2019, "CutMix".
    """
    alphas = {"mixup": recipe.mixup_alpha, "cutmix": recipe.cutmix_alpha}
    kinds = [kind for kind, alpha in alphas.items() if alpha > 0]
    if not kinds:
        return None
    rng = np.random.default_rng([recipe.seed, 3, epoch, batch])
    kind = kinds[int(rng.integers(len(kinds)))]
    partners = rng.permutation(count)
    share = rng.beta(alphas[kind], alphas[kind], count)
    # The larger share is its own, so that its first label stays the main one.
    share = np.maximum(share, 1 - share).astype(np.float32)
    if kind == "mixup":
        return Mix(partners, np.asarray(share, np.float32), None)
    side = np.sqrt(1 - share) * size
    centre = rng.uniform(0, size, (count, 2))
    low = np.clip(np.rint(centre - side[:, None] / 2), 0, size).astype(np.int64)
    high = np.clip(np.rint(centre + side[:, None] / 2), 0, size).astype(np.int64)
    taken = np.prod(high - low, axis=1) / size**2
    return Mix(partners, (1 - taken).astype(np.float32), np.concatenate([low, high], axis=1))


def _patches(recipe: Recipe, rng: np.random.Generator, count: int, size: int) -> NDArray[np.int64]:
    """Draw patches of one gray level. Source: Zhong et al. 2020, "Random Erasing"."""
    sides = rng.integers(*PATCH_SIDES, (count, 2))
    corner = (rng.random((count, 2)) * (size - sides)).astype(np.int64)
    level = rng.integers(0, 256, (count, 1))
    erased = rng.random((count, 1)) < recipe.erase_share
    return np.concatenate([corner, np.where(erased, sides, 0), level], axis=1)


def _transforms(
    recipe: Recipe, rng: np.random.Generator, count: int, size: int
) -> NDArray[np.float32]:
    """Draw affine maps about the centre: turn and zoom, mirror half of them, then shift."""
    angle = np.radians(rng.uniform(-1, 1, count) * recipe.rotate_degrees)
    scale = 1.0 + rng.uniform(-1, 1, count) * recipe.zoom
    mirror = np.where(recipe.flip & (rng.random(count) < 0.5), -1.0, 1.0)
    shift = rng.uniform(-1, 1, (count, 2)) * recipe.shift_px
    linear = np.empty((count, 2, 2))
    linear[:, 0, 0] = mirror * scale * np.cos(angle)
    linear[:, 0, 1] = -mirror * scale * np.sin(angle)
    linear[:, 1, 0] = scale * np.sin(angle)
    linear[:, 1, 1] = scale * np.cos(angle)
    centre = (size - 1) / 2.0
    offset = centre + shift - linear @ np.array([centre, centre])
    return np.concatenate([linear, offset[..., None]], axis=2).astype(np.float32)
