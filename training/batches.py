"""Makes the batches of an epoch; knows no Keras, so that it starts quickly in other processes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from maskmesh.training.augment import distorted, mixed, mixed_targets
from maskmesh.training.plan import EpochPlan, plan_epoch, plan_mix
from maskmesh.training.recipe import Recipe
from maskmesh.training.targets import class_targets, softened
from maskmesh.training.wearing import Wardrobe

Targets = dict[str, NDArray[np.float32]]
Batch = tuple[dict[str, NDArray[np.uint8]], Targets]


@dataclass(frozen=True, slots=True)
class TrainingFaces:
    """Faces, their labels, and what gives them masks.

    Attributes:
        plain: uint8 [N, 48, 48].
        labels: int64 [N].
        wardrobe: Gives each face its mask of an epoch.
        votes: float32 [N, 7], a crowd's votes, see `class_targets`.
        teacher: float32 [N, 7], what a teacher answers to the unmasked face.
    """

    plain: NDArray[np.uint8]
    labels: NDArray[np.int64]
    wardrobe: Wardrobe
    votes: NDArray[np.float32] | None = None
    teacher: NDArray[np.float32] | None = None


class BatchMaker:
    """Makes any batch of any epoch, the same whenever and wherever it is asked for.

    With twins a batch of 2n pictures shows n faces unmasked, then the same masked, distorted and
    mixed in the same way; see `ExpressionLoss`.
    """

    def __init__(self, faces: TrainingFaces, recipe: Recipe) -> None:
        self._faces = faces
        self._recipe = recipe
        self._views = 2 if recipe.is_paired else 1
        self._targets = _targets(faces, recipe)

    def __len__(self) -> int:
        return steps_of(len(self._faces.labels), self._recipe)

    def make(self, epoch: int, index: int) -> Batch:
        """Return pictures, uint8 [n, 48, 48, 1], and what the network should answer."""
        plan = _plan(self._recipe, epoch, *self._faces.plain.shape[:2])
        size = self._recipe.batch_size // self._views
        rows = plan.order[index * size : (index + 1) * size]
        images, worn = self._shown(rows, plan)
        wanted = self._targets[rows]
        side = images.shape[-1]
        mix = plan_mix(self._recipe, epoch, index, len(rows), side)
        if mix is not None:
            images = mixed(images, mix)
            worn, wanted = mixed_targets(worn, mix), mixed_targets(wanted, mix)
        # Views first: all unmasked faces before all masked ones.
        faces = images.swapaxes(0, 1).reshape(-1, side, side, 1)
        return {"faces": faces}, {
            "probabilities": np.tile(wanted, (self._views, 1)),
            "mask": worn.T.reshape(-1, 1),
        }

    def _shown(
        self, rows: NDArray[np.int64], plan: EpochPlan
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return pictures [n, views, 48, 48] and whether each shows a mask [n, views]."""
        shown = []
        for row in rows.tolist():
            plain = (self._faces.plain[row], False)
            if self._views == 2:
                shown += [plain, self._faces.wardrobe.masked(row, plan.epoch)]
            else:
                is_worn = plan.worn[row]
                shown.append(self._faces.wardrobe.masked(row, plan.epoch) if is_worn else plain)
        images = distorted([face for face, _ in shown], rows.repeat(self._views), plan)
        worn = np.array([worn for _, worn in shown], np.float32)
        shape = (len(rows), self._views)
        return images.reshape(*shape, *images.shape[1:]), worn.reshape(shape)


def steps_of(faces: int, recipe: Recipe) -> int:
    """Return how many batches an epoch of so many faces has."""
    return math.ceil(faces * (2 if recipe.is_paired else 1) / recipe.batch_size)


@lru_cache(maxsize=2)
def _plan(recipe: Recipe, epoch: int, count: int, size: int) -> EpochPlan:
    return plan_epoch(recipe, epoch, count, size)


def _targets(faces: TrainingFaces, recipe: Recipe) -> NDArray[np.float32]:
    own = class_targets(faces.labels, recipe, faces.votes)
    if faces.teacher is None:
        return own
    return np.concatenate([own, softened(faces.teacher, recipe.temperature)], axis=1)
