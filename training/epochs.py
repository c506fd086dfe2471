"""The batches of an epoch, as Keras takes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
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


class EpochBatches(keras.utils.PyDataset):
    """Feeds `keras.Model.fit` with batches that follow the epochs' plans.

    With twins a batch of 2n pictures shows n faces unmasked, then the same masked, distorted and
    mixed in the same way; see `ExpressionLoss`.
    """

    def __init__(self, faces: TrainingFaces, recipe: Recipe, first_epoch: int) -> None:
        # One worker: a second would hand batches to Keras in the same order, but no faster.
        super().__init__(workers=1)
        self._faces = faces
        self._recipe = recipe
        self._views = 2 if recipe.is_paired else 1
        self._targets = _targets(faces, recipe)
        self._plan = self._plan_of(first_epoch)

    def __len__(self) -> int:
        return steps_of(len(self._faces.labels), self._recipe)

    def __getitem__(self, index: int) -> Batch:
        size = self._recipe.batch_size // self._views
        rows = self._plan.order[index * size : (index + 1) * size]
        images, worn = self._shown(rows)
        wanted = self._targets[rows]
        side = images.shape[-1]
        mix = plan_mix(self._recipe, self._plan.epoch, index, len(rows), side)
        if mix is not None:
            images, worn, wanted = (
                mixed(images, mix),
                mixed_targets(worn, mix),
                mixed_targets(wanted, mix),
            )
        # Views first: all unmasked faces before all masked ones.
        faces = images.swapaxes(0, 1).reshape(-1, side, side, 1)
        return {"faces": faces}, {
            "probabilities": np.tile(wanted, (self._views, 1)),
            "mask": worn.T.reshape(-1, 1),
        }

    def begin(self, epoch: int) -> None:
        """Follow the plan of that epoch from now on."""
        self._plan = self._plan_of(epoch)

    def _plan_of(self, epoch: int) -> EpochPlan:
        count, size = self._faces.plain.shape[:2]
        return plan_epoch(self._recipe, epoch, count, size)

    def _shown(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return pictures [n, views, 48, 48] and whether each shows a mask [n, views]."""
        if self._views == 2:
            masked = [self._faces.wardrobe.masked(int(row), self._plan.epoch) for row in rows]
            shown = [
                view
                for row, twin in zip(rows, masked, strict=True)
                for view in ((self._faces.plain[row], False), twin)
            ]
        else:
            shown = [
                self._faces.wardrobe.masked(int(row), self._plan.epoch)
                if self._plan.worn[row]
                else (self._faces.plain[row], False)
                for row in rows
            ]
        images = distorted([face for face, _ in shown], rows.repeat(self._views), self._plan)
        worn = np.array([worn for _, worn in shown], np.float32)
        shape = (len(rows), self._views)
        return images.reshape(*shape, *images.shape[1:]), worn.reshape(shape)


class EpochSeeds(keras.callbacks.Callback):
    """Starts every epoch from its number: the plan of the batches and the dropout seeds.

    Keras calls `PyDataset.on_epoch_end` also once before the first epoch, and leaves the dropout
    seeds out of weight files; so neither can be trusted to be right when a run goes on.
    """

    def __init__(self, batches: EpochBatches, seed: int) -> None:
        super().__init__()
        self._batches = batches
        self._seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Set the plan and the seeds of the epoch."""
        self._batches.begin(epoch)
        seed_dropouts(self.model, self._seed, epoch)


def steps_of(faces: int, recipe: Recipe) -> int:
    """Return how many batches an epoch of so many faces has."""
    return math.ceil(faces * (2 if recipe.is_paired else 1) / recipe.batch_size)


def seed_dropouts(model: keras.Model, seed: int, epoch: int) -> None:
    """Start the dropout layers of an epoch from its number; their state is in no checkpoint."""
    dropouts = [layer for layer in model.layers if hasattr(layer, "seed_generator")]
    for index, layer in enumerate(dropouts):
        state = np.random.SeedSequence([seed, 2, epoch, index]).generate_state(2)
        layer.seed_generator.state.assign(state)


def _targets(faces: TrainingFaces, recipe: Recipe) -> NDArray[np.float32]:
    own = class_targets(faces.labels, recipe, faces.votes)
    if faces.teacher is None:
        return own
    return np.concatenate([own, softened(faces.teacher, recipe.temperature)], axis=1)
