"""The command `train`: data, masks, then the fit."""

from __future__ import annotations

import json

import structlog

from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import LabelledFaces, describe, load_splits
from maskmesh.training.epochs import TrainingFaces
from maskmesh.training.fit import ValidationFaces, fit, limit_threads
from maskmesh.training.masking import MaskedFaces, mask_faces
from maskmesh.training.recipe import load_recipe
from maskmesh.training.settings import TrainSettings

log = structlog.get_logger(__name__)


def train(settings: TrainSettings) -> None:
    """Load and mask the data, then train in the run folder."""
    recipe = load_recipe(settings.recipe, epochs=settings.epochs)
    limit_threads(settings.threads)
    names = (settings.train_split, settings.validation_split)
    splits = load_splits(settings.data or default_data(), names)
    if settings.per_class is not None:
        splits = {name: faces.head(settings.per_class) for name, faces in splits.items()}
    report = describe(splits.values())
    settings.run.mkdir(parents=True, exist_ok=True)
    (settings.run / "dataset.json").write_text(json.dumps(report.as_dict(), indent=1) + "\n")
    log.info("data", counts=report.counts, duplicates=len(report.duplicates))
    train_faces, validation_faces = (splits[name] for name in names)
    train_masked = _mask(train_faces, recipe.mask_variants, recipe.seed, settings)
    # Another seed than training's, so that no face is judged with a mask it was trained with.
    validation_masked = _mask(validation_faces, 1, recipe.seed + 1, settings)
    history = fit(
        recipe,
        TrainingFaces(
            train_faces.images, train_masked.images, train_masked.worn, train_faces.labels
        ),
        ValidationFaces(
            validation_faces.images,
            validation_masked.images[:, 0],
            validation_masked.worn[:, 0],
            validation_faces.labels,
        ),
        settings.run,
        data={
            "splits": {"train": settings.train_split, "validation": settings.validation_split},
            "sha256": {faces.split: faces.sha256 for faces in (train_faces, validation_faces)},
            "counts": {faces.split: len(faces) for faces in (train_faces, validation_faces)},
            "synthesis": [train_masked.synthesis, validation_masked.synthesis],
        },
    )
    log.info("trained", epochs=len(history), run=str(settings.run))


def _mask(faces: LabelledFaces, variants: int, seed: int, settings: TrainSettings) -> MaskedFaces:
    masked = mask_faces(
        faces, variants=variants, seed=seed, cache=settings.cache, workers=settings.threads
    )
    log.info(
        "masked",
        split=faces.split,
        faces=len(faces),
        bad_fits=masked.bad_fits,
        unmasked=masked.unmasked,
    )
    return masked
