"""The batches of an epoch: which faces, in which order, with which mask and which distortion.

All of it follows from the recipe's seed and the epoch's number alone, so that an epoch that is
repeated after a kill equals the one that was interrupted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from maskmesh.training.labels import CLASSES
from maskmesh.training.recipe import Recipe

Targets = dict[str, NDArray[np.float32]]
Batch = tuple[dict[str, NDArray[np.uint8]], Targets]


@dataclass(frozen=True, slots=True)
class TrainingFaces:
    """Faces without and with masks, and their labels.

    Attributes:
        plain: uint8 [N, 48, 48].
        masked: uint8 [N, variants, 48, 48].
        worn: bool [N, variants], whether the masked version really wears a mask.
        labels: int64 [N].
    """

    plain: NDArray[np.uint8]
    masked: NDArray[np.uint8]
    worn: NDArray[np.bool_]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EpochPlan:
    """What becomes of every face in one epoch.

    Attributes:
        order: int64 [N], the order in which faces are shown.
        variant: int64 [N], which mask the face wears, by face; -1 for none.
        transforms: float32 [N, 2, 3], by face, affine maps in pixels for `cv2.warpAffine`.
    """

    order: NDArray[np.int64]
    variant: NDArray[np.int64]
    transforms: NDArray[np.float32]


def plan_epoch(recipe: Recipe, epoch: int, count: int, variants: int, size: int) -> EpochPlan:
    """Draw the plan of an epoch from the recipe's seed and the epoch's number.

    A face starts with a mask of its own and wears the next one every epoch.
    """
    fixed = np.random.default_rng([recipe.seed, 0])
    first = fixed.integers(variants, size=count)
    rng = np.random.default_rng([recipe.seed, 1, epoch])
    order = rng.permutation(count)
    worn = rng.random(count) < recipe.masked_share_of(epoch)
    variant = np.where(worn, (first + epoch) % variants, -1)
    return EpochPlan(order, variant, _transforms(recipe, rng, count, size))


def targets(labels: NDArray[np.int64], worn: NDArray[np.bool_]) -> Targets:
    """Return what the network should answer: one-hot classes and 1.0 where a mask is worn."""
    one_hot = np.eye(len(CLASSES), dtype=np.float32)[labels]
    return {"probabilities": one_hot, "mask": worn.astype(np.float32)[:, None]}


class EpochBatches(keras.utils.PyDataset):
    """Feeds `keras.Model.fit` with batches that follow the epochs' plans."""

    def __init__(
        self,
        faces: TrainingFaces,
        recipe: Recipe,
        first_epoch: int,
    ) -> None:
        super().__init__(workers=1)
        self._faces = faces
        self._recipe = recipe
        self._plan = self._plan_of(first_epoch)

    def __len__(self) -> int:
        return math.ceil(len(self._faces.labels) / self._recipe.batch_size)

    def __getitem__(self, index: int) -> Batch:
        size = self._recipe.batch_size
        rows = self._plan.order[index * size : (index + 1) * size]
        images = np.stack([self._face(row) for row in rows])[..., None]
        variant = self._plan.variant[rows]
        worn = (variant >= 0) & self._faces.worn[rows, variant]
        return {"faces": images}, targets(self._faces.labels[rows], worn)

    def begin(self, epoch: int) -> None:
        """Follow the plan of that epoch from now on."""
        self._plan = self._plan_of(epoch)

    def _plan_of(self, epoch: int) -> EpochPlan:
        count, variants, size = self._faces.masked.shape[:3]
        return plan_epoch(self._recipe, epoch, count, variants, size)

    def _face(self, row: int) -> NDArray[np.uint8]:
        variant = self._plan.variant[row]
        face = self._faces.plain[row] if variant < 0 else self._faces.masked[row, variant]
        warped = cv2.warpAffine(
            face,
            self._plan.transforms[row],
            face.shape[::-1],
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(warped, np.uint8)


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


def seed_dropouts(model: keras.Model, seed: int, epoch: int) -> None:
    """Start the dropout layers of an epoch from its number; their state is in no checkpoint."""
    dropouts = [layer for layer in model.layers if hasattr(layer, "seed_generator")]
    for index, layer in enumerate(dropouts):
        state = np.random.SeedSequence([seed, 2, epoch, index]).generate_state(2)
        layer.seed_generator.state.assign(state)


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
