"""Training and validation faces, ready for a run: checked, cleaned, masked, and taught."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from maskmesh.training.batches import TrainingFaces
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.duplicates import is_blank, near_duplicates
from maskmesh.training.fits import cached_fits
from maskmesh.training.judging import ValidationFaces
from maskmesh.training.masking import MaskedFaces, mask_faces, synthesis_fingerprint
from maskmesh.training.recipe import Recipe
from maskmesh.training.runs import load_run
from maskmesh.training.saving import sha256_of
from maskmesh.training.soft_labels import read_votes
from maskmesh.training.teacher import teacher_answers
from maskmesh.training.wearing import CachedMasks, FreshMasks, Wardrobe

# Where data have no splits, the share of them that is validation.
SHARE = "validation_share"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where caches lie and how many processes fill them."""

    cache: Path
    workers: int


def without_leaks(train: LabelledFaces, validation: LabelledFaces) -> LabelledFaces:
    """Leave out training faces that are blank, or nearly a validation face, mirrored or not."""
    blank = is_blank(train.images)
    leaked = near_duplicates(train.images, validation.images) >= 0
    log.info("left out of training", blank=int(blank.sum()), in_validation=int(leaked.sum()))
    return train.where(~(blank | leaked)) if (blank | leaked).any() else train


def training_faces(recipe: Recipe, faces: LabelledFaces, place: Workplace) -> TrainingFaces:
    """Get the training faces their masks, votes and teacher, as the recipe says."""
    votes = _votes(Path(recipe.soft_labels), faces, place) if recipe.soft_labels else None
    teacher = (
        teacher_answers(Path(recipe.teacher), faces, place.cache)
        if recipe.has_teacher_run
        else None
    )
    return TrainingFaces(
        faces.images, faces.labels, _wardrobe(recipe, faces, place), votes, teacher
    )


def _votes(source: Path, faces: LabelledFaces, place: Workplace) -> NDArray[np.float32]:
    if source.is_dir():
        return teacher_answers(source, faces, place.cache)
    return read_votes(source, faces.names)


def validation_faces(recipe: Recipe, faces: LabelledFaces, place: Workplace) -> ValidationFaces:
    """Put one mask on each validation face, of any style."""
    masked = validation_masks(recipe, faces, place)
    return ValidationFaces(faces.images, masked.images[:, 0], masked.worn[:, 0], faces.labels)


def validation_masks(recipe: Recipe, faces: LabelledFaces, place: Workplace) -> MaskedFaces:
    """Return the validation faces' masks, from another seed than training's.

    So no face is judged with a mask that it, or its like, was trained with.
    """
    masked = mask_faces(
        faces, variants=1, seed=recipe.seed + 1, cache=place.cache, workers=place.workers
    )
    log.info("masked", split=faces.split, bad_fits=masked.bad_fits, without_a_mask=masked.unmasked)
    return masked


def identity(recipe: Recipe, train: LabelledFaces, validation: LabelledFaces) -> dict[str, Any]:
    """Return what tells this run's data from others': hashes of all that goes in."""
    splits = {"train": train, "validation": validation}
    found: dict[str, Any] = {
        "splits": {role: faces.split for role, faces in splits.items()},
        "sha256": {faces.split: faces.sha256 for faces in splits.values()},
        "counts": {faces.split: len(faces) for faces in splits.values()},
        "synthesis": [synthesis_fingerprint(faces) for faces in splits.values()],
    }
    if recipe.soft_labels:
        source = Path(recipe.soft_labels)
        found["soft_labels"] = sha256_of(load_run(source).weights if source.is_dir() else source)
    if recipe.has_teacher_run:
        found["teacher"] = sha256_of(load_run(Path(recipe.teacher)).weights)
    return found


def _wardrobe(recipe: Recipe, faces: LabelledFaces, place: Workplace) -> Wardrobe:
    fits = cached_fits(faces, place.cache, place.workers)
    log.info(
        "training masks",
        made=recipe.masks,
        faces=len(faces),
        stay_unmasked=int(np.sum(fits.confidence < recipe.min_fit)),
        held_out=list(recipe.held_out_styles),
    )
    if recipe.masks == "fresh":
        return FreshMasks(
            faces.images,
            fits,
            recipe.seed,
            recipe.min_fit,
            recipe.held_out_styles,
            recipe.positions,
            recipe.retexture_share,
        )
    masked = mask_faces(
        faces,
        variants=recipe.mask_variants,
        seed=recipe.seed,
        cache=place.cache,
        workers=place.workers,
        held_out=recipe.held_out_styles,
    )
    return CachedMasks.of(masked, recipe.seed, recipe.min_fit)
