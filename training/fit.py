"""One training run, from the recipe to the best weights; goes on where it was killed."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import structlog

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.averages import AveragedWeights
from maskmesh.training.batches import BatchMaker, TrainingFaces
from maskmesh.training.callbacks import RunState, StopAtNan, unwritable
from maskmesh.training.claims import claim
from maskmesh.training.epochs import EpochBatches, EpochSeeds
from maskmesh.training.judging import Validation, ValidationFaces
from maskmesh.training.losses import ExpressionLoss, expression_accuracy
from maskmesh.training.models import build_model
from maskmesh.training.optimisers import build_optimiser
from maskmesh.training.recipe import Recipe

MONITOR = "val_probabilities_accuracy"
JUDGED_AT_ONCE = 256
log = structlog.get_logger(__name__)


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
    initial: Path | None = None,
    processes: int = 0,
    new_synthesis: bool = False,
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
        initial: Weights to begin with; None: random ones.
        processes: How many processes make the input, see `EpochBatches`.
        new_synthesis: Go on although masks are made otherwise now, see `claim`.
        verbose: Keras's verbosity: 0 silent, 1 a progress bar, 2 a line an epoch; None: a bar on
            a terminal, lines elsewhere.

    Returns:
        One row of metrics an epoch.

    Raises:
        InvalidInputError: The run folder belongs to another recipe or other data, or the initial
            weights to another network.
        SetupError: The loss became no number, or the run folder cannot be written to.
    """
    claim(run, recipe, data, new_synthesis=new_synthesis)
    maker = BatchMaker(train, recipe)
    model = compiled_model(recipe, len(maker))
    plateau, best = _standard_callbacks(recipe, run)
    state = RunState(run, plateau, best)
    done = state.restore(model)
    if done == 0 and initial is not None:
        _load(model, initial)
    if done < recipe.epochs:
        batches = EpochBatches(maker, done, processes)
        averages = AveragedWeights()
        callbacks = [
            StopAtNan(),
            EpochSeeds(batches, recipe.seed),
            averages.use,
            Validation(validation, JUDGED_AT_ONCE),
            best,
            averages.put_back,
            *([plateau] if plateau is not None else []),
            state,
        ]
        try:
            model.fit(
                batches,
                initial_epoch=done,
                epochs=recipe.epochs,
                shuffle=False,
                callbacks=callbacks,
                verbose=verbose if verbose is not None else 1 if sys.stdout.isatty() else 2,
            )
        except OSError as error:
            raise unwritable(run, error) from error
        except Exception as error:
            raise batches.failure or error from error
        finally:
            batches.close()
    return state.history


def compiled_model(recipe: Recipe, steps: int) -> keras.Model:
    """Build the recipe's network, seeded and ready to train in epochs of so many steps."""
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(recipe.dtype_policy)
    try:
        model = build_model(recipe)
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile(
        optimizer=build_optimiser(recipe, steps),
        loss={
            "probabilities": ExpressionLoss(
                focal_gamma=recipe.focal_gamma,
                distillation_weight=recipe.distillation_weight if recipe.teacher else 0.0,
                temperature=recipe.temperature,
                twins=recipe.is_paired,
            ),
            "mask": "binary_crossentropy",
        },
        loss_weights={"probabilities": 1.0, "mask": recipe.mask_loss_weight},
        metrics={
            "probabilities": [
                keras.metrics.MeanMetricWrapper(expression_accuracy, name="accuracy")
            ],
            "mask": ["accuracy"],
        },
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _load(model: keras.Model, weights: Path) -> None:
    try:
        with warnings.catch_warnings(action="error"):
            # Keras only warns of layers that it finds no weights for.
            model.load_weights(weights)
    except (ValueError, UserWarning) as error:
        raise InvalidInputError(
            f"the weights in {weights} are of another network ({str(error).splitlines()[0]}): "
            "start_from needs a run of the same model and widths"
        ) from error


def _standard_callbacks(
    recipe: Recipe, run: Path
) -> tuple[keras.callbacks.ReduceLROnPlateau | None, keras.callbacks.ModelCheckpoint]:
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
    return plateau if recipe.schedule == "plateau" else None, best
