"""Trains the rungs, one after the other; goes on where it was interrupted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from maskmesh.bench.ladder.rungs import RUNGS, Rung, below, recipe_of
from maskmesh.training.convert import keras_answers
from maskmesh.training.dataset import LabelledFaces, load_train_and_validation
from maskmesh.training.evaluation.intervals import Interval, bootstrap_interval
from maskmesh.training.fit import fit, limit_threads
from maskmesh.training.judging import ValidationFaces, judged
from maskmesh.training.preparation import (
    Workplace,
    identity,
    training_faces,
    validation_faces,
    without_leaks,
)
from maskmesh.training.runs import float_model, load_run
from maskmesh.training.saving import save_arrays

Answers = dict[str, NDArray[np.float32]]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """What a rung is worth on the validation faces.

    Attributes:
        rung: Which one.
        under: Name of the rung it stands on; empty for the first.
        masked: Accuracy, macro F1 and recall of disgust on masked faces.
        unmasked: The same on unmasked ones.
        gain: Difference to the accuracy of the rung it stands on, over masked and unmasked faces
            together.
        gain_interval: Its 95 % interval, as the faces are a sample; what another seed of the
            training would change is not in it.
    """

    rung: Rung
    under: str
    masked: dict[str, float]
    unmasked: dict[str, float]
    gain: float
    gain_interval: Interval


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the ladder stands: faces, time and place."""

    train: LabelledFaces
    validation: LabelledFaces
    epochs: int
    runs: Path
    place: Workplace


def every_nth(data: Path, nth: int) -> tuple[LabelledFaces, LabelledFaces]:
    """Read a data set; of its training faces every nth, cleaned of what validation holds."""
    train, validation = load_train_and_validation(data, "train", "validation", 0.12)
    part = train.where(np.arange(len(train)) % nth == 0)
    return without_leaks(part, validation), validation


def climb(ground: Ground, rungs: Sequence[Rung] = RUNGS) -> Iterator[Step]:
    """Train and judge each rung.

    Args:
        ground: Faces, epochs and folders.
        rungs: The ladder; each rung that others stand on comes before them.

    Yields:
        A step for each rung, when it is done.

    Raises:
        InvalidInputError: A run's folder belongs to another recipe or other data.
        SetupError: A run's folder cannot be written to.
    """
    limit_threads(ground.place.workers)
    labels = ground.validation.labels
    known: dict[str, Answers] = {}
    for rung in rungs:
        answers = known[rung.name] = _answers(rung, rungs, ground)
        under = below(rung.name, rungs)
        right = _right(answers, labels)
        difference = right - (_right(known[under.name], labels) if under else right)
        yield Step(
            rung,
            under.name if under else "",
            judged(answers["masked"], labels),
            judged(answers["unmasked"], labels),
            float(difference.mean()),
            _interval(difference),
        )


def _right(answers: Answers, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return, by face, which share of its two pictures is told rightly."""
    told = np.stack([answers[kind].argmax(axis=1) == labels for kind in ("masked", "unmasked")])
    return np.asarray(told.mean(axis=0), np.float64)


def _interval(difference: NDArray[np.float64]) -> Interval:
    return bootstrap_interval(lambda rows: float(difference[rows].mean()), len(difference), seed=0)


def _answers(rung: Rung, rungs: Sequence[Rung], ground: Ground) -> Answers:
    """Return what a rung's network says of the validation faces, training it if need be."""
    folder = ground.runs / rung.name
    file = folder / "answers.npz"
    recipe = recipe_of(rung.name, ground.epochs, str(ground.runs), rungs)
    judges = validation_faces(recipe, ground.validation, ground.place)
    history = fit(
        recipe,
        training_faces(recipe, ground.train, ground.place),
        judges,
        folder,
        data=identity(recipe, ground.train, ground.validation),
        verbose=2,
    )
    log.info("rung", name=rung.name, epochs=len(history))
    if not file.exists():
        save_arrays(file, **_judged_by(folder, judges))
    with np.load(file) as stored:
        return dict(stored)


def _judged_by(folder: Path, faces: ValidationFaces) -> Answers:
    model = float_model(load_run(folder))
    return {
        "masked": keras_answers(model, faces.masked).probabilities,
        "unmasked": keras_answers(model, faces.plain).probabilities,
    }
