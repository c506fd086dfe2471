"""The batches of an epoch as Keras takes them, made in a thread or in processes of their own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from maskmesh.services.runtime.errors import MaskmeshError
from maskmesh.training.batches import Batch, BatchMaker
from maskmesh.training.input_pool import InputPool


class EpochBatches(keras.utils.PyDataset):
    """Feeds `keras.Model.fit` with an epoch's batches, one after the other.

    Processes pay where there are cores to spare; otherwise Keras's own thread makes the batches.
    The batches are the same either way.
    """

    def __init__(self, maker: BatchMaker, first_epoch: int, processes: int = 0) -> None:
        """Begin with an epoch.

        Args:
            maker: What makes the batches.
            first_epoch: Number of the epoch, counted from 0.
            processes: How many processes make batches; 0: the thread that asks for them does.
        """
        # One worker asks in order; more would only wait for each other.
        super().__init__(workers=1)
        self._maker = maker
        self._epoch = first_epoch
        self._pool = InputPool(maker, processes) if processes else None
        # What went wrong: a backend that asks for batches from its own threads hides it.
        self.failure: MaskmeshError | None = None

    def __len__(self) -> int:
        return len(self._maker)

    def __getitem__(self, index: int) -> Batch:
        source = self._maker.make if self._pool is None else self._pool.batch
        try:
            return source(self._epoch, index)
        except MaskmeshError as error:
            self.failure = error
            raise

    def begin(self, epoch: int) -> None:
        """Give the batches of that epoch from now on."""
        self._epoch = epoch

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.close()


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
