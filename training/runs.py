"""What a run folder tells about itself, and the network it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from maskmesh.services.runtime.errors import NotFoundError
from maskmesh.training.callbacks import WEIGHTS, best_epoch, newest_history
from maskmesh.training.claims import DATA_FILE, RECIPE_FILE
from maskmesh.training.fit import MONITOR
from maskmesh.training.mask_output.stored import load_mask_output
from maskmesh.training.models import build_model
from maskmesh.training.recipe import Recipe, saved_recipe


@dataclass(frozen=True, slots=True)
class Run:
    """What a run folder tells: its recipe, its data, and the epoch whose weights are the best."""

    folder: Path
    recipe: Recipe
    data: dict[str, Any]
    history: list[dict[str, float]]

    @property
    def best(self) -> dict[str, float]:
        """The best epoch's row of metrics."""
        return dict(best_epoch(self.history, MONITOR))

    @property
    def weights(self) -> Path:
        """The best epoch's weights; the averaged ones, if the recipe averages."""
        return self.folder / f"best.{WEIGHTS}"


def load_run(folder: Path) -> Run:
    """Read what a run folder tells about itself.

    Raises:
        NotFoundError: No run there, or no epoch is done yet.
        InvalidInputError: Another version of the trainer made it.
    """
    if not (folder / f"best.{WEIGHTS}").is_file():
        raise NotFoundError(f"{folder} holds no best.{WEIGHTS}: run maskmesh train first")
    recipe = saved_recipe(folder / RECIPE_FILE)
    data = json.loads((folder / DATA_FILE).read_text(encoding="utf-8"))
    return Run(folder, recipe, data, newest_history(folder))


def float_model(run: Run) -> keras.Model:
    """Rebuild the run's network in float32 with its best weights, and its refitted mask output.

    Raises:
        InvalidInputError: The mask output was fitted for other weights.
    """
    keras.config.set_dtype_policy("float32")
    model = build_model(run.recipe)
    model.load_weights(run.weights)
    load_mask_output(model, run.weights)
    return model
