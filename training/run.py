"""The command `train`: data, masks, then the fit."""

from __future__ import annotations

import json
from pathlib import Path

import structlog
from rich.console import Console

from maskmesh.training.data_home import default_data
from maskmesh.training.data_report import describe
from maskmesh.training.dataset import LabelledFaces, has_splits, load_train_and_validation
from maskmesh.training.fit import fit, limit_threads
from maskmesh.training.preparation import (
    SHARE,
    Workplace,
    identity,
    training_faces,
    validation_faces,
    without_leaks,
)
from maskmesh.training.rates import measure_rates
from maskmesh.training.recipe import load_recipe
from maskmesh.training.runs import load_run
from maskmesh.training.saving import whole_file
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
    prepared = training_faces(recipe, train_split, place)
    if settings.measure:
        Console().print(
            measure_rates(recipe, prepared, settings.measure, settings.input_processes).table()
        )
        return
    data = identity(recipe, train_split, validation)
    if not has_splits(settings.data or default_data()):
        data[SHARE] = settings.validation_share
    history = fit(
        recipe,
        prepared,
        validation_faces(recipe, validation, place),
        run,
        data=data,
        initial=load_run(Path(recipe.start_from)).weights if recipe.start_from else None,
        processes=settings.input_processes,
        new_synthesis=settings.new_synthesis,
    )
    log.info("trained", epochs=len(history), run=str(run))


def load_faces(settings: TrainSettings, run: Path) -> tuple[LabelledFaces, LabelledFaces]:
    """Read and report on training and validation faces, and clean the former."""
    splits = load_train_and_validation(
        settings.data or default_data(),
        settings.train_split,
        settings.validation_split,
        settings.validation_share,
    )
    if settings.per_class is not None:
        splits = splits[0].head(settings.per_class), splits[1].head(settings.per_class)
    report = describe(splits)
    with whole_file(run / "dataset.json") as file:
        file.write_text(json.dumps(report.as_dict(), indent=1) + "\n", encoding="utf-8")
    Console().print(report.table())
    return without_leaks(*splits), splits[1]
