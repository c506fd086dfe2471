"""The moving average of the weights in the place of the weights, where a run is judged and kept."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


class AveragedWeights:
    """Two callbacks, `use` and `put_back`: those between them see the averaged weights.

    The optimiser keeps the averages (`use_ema`) and writes them to checkpoints. Without them both
    callbacks do nothing.
    """

    def __init__(self) -> None:
        self._trained: list[NDArray[Any]] = []
        self.use = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: self._use())
        self.put_back = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: self._put_back())

    def _use(self) -> None:
        model = self.use.model
        if not model.optimizer.use_ema:
            return
        self._trained = [
            np.array(keras.ops.convert_to_numpy(weight)) for weight in model.trainable_variables
        ]
        model.optimizer.finalize_variable_values(model.trainable_variables)

    def _put_back(self) -> None:
        model = self.put_back.model
        if not model.optimizer.use_ema:
            return
        for weight, trained in zip(model.trainable_variables, self._trained, strict=True):
            weight.assign(trained)
