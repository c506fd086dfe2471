"""The command `train`: data, masks, then the fit."""

from __future__ import annotations

import json
from pathlib import Path

import structlog

from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import LabelledFaces, describe, load_splits
from maskmesh.training.fit import fit, limit_threads
from maskmesh.training.preparation import (
    Workplace,
    identity,
    training_faces,
    validation_faces,
    without_leaks,
)
from maskmesh.training.recipe import load_recipe
from maskmesh.training.settings import TrainSettings

log = structlog.get_logger(__name__)


def train(settings: TrainSettings) -> None:
    """Load and mask the data, then train in the run folder."""
    recipe = load_recipe(settings.recipe, epochs=settings.epochs)
    limit_threads(settings.threads)
    run = settings.run or Path("runs") / Path(settings.recipe).stem
    run.mkdir(parents=True, exist_ok=True)
    train_split, validation = load_faces(settings, run)
    place = Workplace(settings.cache, settings.threads)
    history = fit(
        recipe,
        training_faces(recipe, train_split, place),
        validation_faces(recipe, validation, place),
        run,
        data=identity(recipe, train_split, validation),
    )
    log.info("trained", epochs=len(history), run=str(run))


def load_faces(settings: TrainSettings, run: Path) -> tuple[LabelledFaces, LabelledFaces]:
    """Read and report on training and validation faces, and clean the former."""
    names = (settings.train_split, settings.validation_split)
    splits = load_splits(settings.data or default_data(), names)
    if settings.per_class is not None:
        splits = {name: faces.head(settings.per_class) for name, faces in splits.items()}
    report = describe(splits.values())
    (run / "dataset.json").write_text(json.dumps(report.as_dict(), indent=1) + "\n")
    log.info("data", counts=report.counts, duplicates=len(report.duplicates))
    train_split, validation = (splits[name] for name in names)
    return without_leaks(train_split, validation), validation
