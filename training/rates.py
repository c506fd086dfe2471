"""How fast the input makes pictures and the network learns from them, each alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from rich.table import Table

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.batches import BatchMaker, TrainingFaces
from maskmesh.training.epochs import EpochBatches
from maskmesh.training.fit import compiled_model
from maskmesh.training.recipe import Recipe

# The first steps compile the network and draw masks that are kept afterwards.
WARM_UP = 8
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rates:
    """Pictures a second.

    Attributes:
        input: What the input makes, while nothing trains.
        training: What the network takes, while nothing makes input.
    """

    input: float
    training: float

    def table(self) -> Table:
        """Return both rates, and how many times the one is the other."""
        table = Table("", "pictures/s", title="each alone")
        table.add_row("input", f"{self.input:,.0f}")
        table.add_row("training", f"{self.training:,.0f}")
        table.add_row("input ÷ training", f"{self.input / self.training:.2f}")
        return table


def measure_rates(recipe: Recipe, faces: TrainingFaces, batches: int, processes: int = 0) -> Rates:
    """Measure both rates on so many batches of the first epoch, fewer if it is shorter."""
    source = EpochBatches(BatchMaker(faces, recipe), 0, processes)
    count = min(batches, len(source) - WARM_UP)
    if count < 1:
        raise InvalidInputError(
            f"an epoch has only {len(source)} batches, measuring takes {WARM_UP + 1}: "
            "use more faces or smaller batches"
        )
    made = _pictures_per_second(source.__getitem__, count, recipe)
    images, targets = source[0]
    source.close()
    model = compiled_model(recipe, len(source))
    taken = _pictures_per_second(lambda _: model.train_on_batch(images, targets), count, recipe)
    log.info("measured", input=round(made), training=round(taken), batches=count)
    return Rates(made, taken)


def _pictures_per_second(step: Callable[[int], object], count: int, recipe: Recipe) -> float:
    for index in range(WARM_UP):
        step(index)
    started = time.perf_counter()
    for index in range(WARM_UP, WARM_UP + count):
        step(index)
    return count * recipe.batch_size / (time.perf_counter() - started)
