"""One training run, from the recipe to the best weights; goes on where it was killed."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import structlog
from numpy.typing import NDArray

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.callbacks import RunState, UnmaskedValidation
from maskmesh.training.epochs import EpochBatches, EpochSeeds, TrainingFaces, targets
from maskmesh.training.models import build_model
from maskmesh.training.recipe import Recipe

MONITOR = "val_probabilities_accuracy"
RECIPE_FILE = "recipe.json"
DATA_FILE = "data.json"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ValidationFaces:
    """Faces that are judged after every epoch.

    Attributes:
        plain: uint8 [N, 48, 48], without masks.
        masked: uint8 [N, 48, 48], the same faces with one synthetic mask each.
        worn: bool [N], whether the masked version really wears a mask.
        labels: int64 [N].
    """

    plain: NDArray[np.uint8]
    masked: NDArray[np.uint8]
    worn: NDArray[np.bool_]
    labels: NDArray[np.int64]


def limit_threads(threads: int) -> None:
    """Hold TensorFlow to a number of threads; has no effect once it has started."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf  # noqa: PLC0415 - only this backend needs it

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            log.warning("TensorFlow runs already, its threads stay as they are")


def fit(
    recipe: Recipe,
    train: TrainingFaces,
    validation: ValidationFaces,
    run: Path,
    *,
    data: dict[str, Any],
    verbose: int | None = None,
) -> list[dict[str, float]]:
    """Train, or go on with training, in a run folder.

    Files in the run folder: recipe.json and data.json (what is trained on what), log.csv and
    history.png (rewritten every epoch), best.model.weights.h5 (best masked validation accuracy),
    checkpoints/ (what the next epoch needs).

    Args:
        recipe: How to train.
        train: Training faces.
        validation: Validation faces.
        run: Folder of the run; made if it is not there.
        data: Identity of the data, saved beside the recipe and compared when a run goes on.
        verbose: Keras's verbosity: 0 silent, 1 a progress bar, 2 a line an epoch; None: a bar on
            a terminal, lines elsewhere.

    Returns:
        One row of metrics an epoch.

    Raises:
        InvalidInputError: The run folder belongs to another recipe or other data.
    """
    _claim(run, recipe, data)
    model = compiled_model(recipe)
    plateau, best = _standard_callbacks(recipe, run)
    state = RunState(run, plateau, best)
    done = state.restore(model)
    if done < recipe.epochs:
        unmasked = UnmaskedValidation(validation.plain, validation.labels, 4 * recipe.batch_size)
        batches = EpochBatches(train, recipe, done)
        model.fit(
            batches,
            validation_data=(
                {"faces": validation.masked[..., None]},
                targets(validation.labels, validation.worn),
            ),
            validation_batch_size=4 * recipe.batch_size,
            initial_epoch=done,
            epochs=recipe.epochs,
            shuffle=False,
            callbacks=[EpochSeeds(batches, recipe.seed), unmasked, plateau, best, state],
            verbose=verbose if verbose is not None else 1 if sys.stdout.isatty() else 2,
        )
    return state.history


def compiled_model(recipe: Recipe) -> keras.Model:
    """Build the recipe's network, seeded and ready to train."""
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(recipe.dtype_policy)
    try:
        model = build_model(recipe.model, dropout=recipe.dropout)
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile(
        optimizer=keras.optimizers.Adam(recipe.learning_rate),
        loss={
            "probabilities": keras.losses.CategoricalCrossentropy(
                label_smoothing=recipe.label_smoothing
            ),
            "mask": "binary_crossentropy",
        },
        loss_weights={"probabilities": 1.0, "mask": recipe.mask_loss_weight},
        metrics={"probabilities": ["accuracy"], "mask": ["accuracy"]},
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _standard_callbacks(
    recipe: Recipe, run: Path
) -> tuple[keras.callbacks.ReduceLROnPlateau, keras.callbacks.ModelCheckpoint]:
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor=MONITOR,
        mode="max",
        factor=recipe.plateau_factor,
        patience=recipe.plateau_patience,
        min_delta=recipe.plateau_min_delta,
        min_lr=recipe.min_learning_rate,
        verbose=1,
    )
    best = keras.callbacks.ModelCheckpoint(
        str(run / "staged.weights.h5"),
        monitor=MONITOR,
        mode="max",
        save_best_only=True,
        save_weights_only=True,
    )
    return plateau, best


def _claim(run: Path, recipe: Recipe, data: dict[str, Any]) -> None:
    """Write what the run is, or check that the folder's earlier run is the same."""
    run.mkdir(parents=True, exist_ok=True)
    wanted = {RECIPE_FILE: recipe.model_dump(mode="json"), DATA_FILE: data}
    for name, content in wanted.items():
        file = run / name
        if not file.exists():
            partial = file.with_suffix(f".{os.getpid()}.partial")
            partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
            partial.replace(file)
            continue
        there = json.loads(file.read_text(encoding="utf-8"))
        changed = sorted(key for key in {*there, *content} if there.get(key) != content.get(key))
        # More epochs only prolong a run; everything else would make it another one.
        if name == RECIPE_FILE and changed == ["epochs"]:
            recipe.save(file)
        elif changed:
            raise InvalidInputError(
                f"{run} holds a run with other values of {', '.join(changed)}: "
                "give another --run folder, or the same recipe and data to go on with it"
            )
