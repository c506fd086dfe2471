"""Everything a report tells of a model, as numbers: all faces under all conditions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from maskmesh.services.classification.classifier import Classified, ExpressionClassifier
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.positions import POSITIONS
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.evaluation.artifact import ArtifactFacts
from maskmesh.training.evaluation.calibration_interval import calibration_interval
from maskmesh.training.evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupted
from maskmesh.training.evaluation.dressing import DressedFaces, Outfit, dress
from maskmesh.training.evaluation.intervals import bootstrap_interval, wilson_interval
from maskmesh.training.evaluation.paper import by_the_papers_equation
from maskmesh.training.inference import classified_batches, joined
from maskmesh.training.metrics import (
    classification_report,
    macro_f1,
    reliability,
)

MASK_THRESHOLD = 0.5
KINDS = ("masked", "unmasked")
_CORRUPTED_SETS = len(CORRUPTIONS) * len(STRENGTHS) * len(KINDS)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged, on what."""

    classifier: ExpressionClassifier
    facts: ArtifactFacts
    faces: LabelledFaces
    seed: int


class _Judge:
    """Classifies set after set under one progress bar."""

    def __init__(self, subject: Subject, progress: Progress, sets: int) -> None:
        self._subject = subject
        self._progress = progress
        self._task = progress.add_task("classifying", total=sets * len(subject.faces))

    def answers(self, images: NDArray[np.uint8], title: str) -> Classified:
        """Classify, uint8 [N, 48, 48]."""
        self._progress.update(self._task, description=f"classifying: {title}")
        parts = []
        for part in classified_batches(self._subject.classifier, images):
            parts.append(part)
            self._progress.advance(self._task, len(part.mask))
        return joined(parts)

    def short(self, images: NDArray[np.uint8], title: str) -> dict[str, Any]:
        """Classify, and return the few numbers of a condition."""
        labels = self._subject.faces.labels
        answers = self.answers(images, title)
        predicted = answers.probabilities.argmax(axis=1)
        right = int((predicted == labels).sum())
        return {
            "accuracy": right / len(labels),
            "accuracy_ci95": wilson_interval(right, len(labels)),
            "macro_f1": macro_f1(predicted, labels),
            "seen_as_masked": float((answers.mask >= MASK_THRESHOLD).mean()),
        }


def measure(subject: Subject, cache: Path, workers: int) -> dict[str, Any]:
    """Judge the model unmasked, masked, in every style and position, and corrupted.

    Args:
        subject: What is judged.
        cache: Folder for landmarks and masked faces, of this command alone.
        workers: Processes that put masks on.

    Returns:
        What report.json holds: "masked" and "unmasked", each a `classification_report` with
        intervals, "reliability" and "mask"; "styles" and "positions", by name; "corruptions", by
        name and kind, a list over the strengths; "paper", both accuracies of every class.
    """
    styles = {style: Outfit(style=style) for style in MASK_STYLES}
    positions = {position: Outfit(position=position) for position in POSITIONS}
    outfits = [Outfit(), *styles.values(), *positions.values()]
    dressed = dress(subject.faces, outfits, seed=subject.seed, cache=cache, workers=workers)
    bare = DressedFaces(subject.faces.images, np.zeros(len(subject.faces), bool))
    sets = dict(zip(KINDS, (dressed[Outfit()], bare), strict=True))
    with Progress(transient=True) as progress:
        judge = _Judge(subject, progress, len(KINDS) + len(outfits) - 1 + _CORRUPTED_SETS)
        heads = {
            kind: headline(subject, one, judge.answers(one.images, kind))
            for kind, one in sets.items()
        }
        by_style, by_position = (
            {name: judge.short(dressed[outfit].images, name) for name, outfit in group.items()}
            for group in (styles, positions)
        )
        held_out = subject.facts.held_out_styles
        for style, numbers in by_style.items():
            numbers["held_out"] = None if held_out is None else style in held_out
        corruptions = _corruptions(subject, judge, sets)
    paper = {kind: by_the_papers_equation(head["confusion"]) for kind, head in heads.items()}
    return {
        **heads,
        "styles": by_style,
        "positions": by_position,
        "corruptions": corruptions,
        "paper": paper,
    }


def headline(subject: Subject, dressed: DressedFaces, answers: Classified) -> dict[str, Any]:
    """Return a set's report with intervals on every number that is quoted."""
    labels = subject.faces.labels
    probabilities = answers.probabilities
    predicted = probabilities.argmax(axis=1)
    report = classification_report(probabilities, labels)
    for k, row in enumerate(report["per_class"].values()):
        right = int(report["confusion"][k][k])
        row["recall_ci95"] = wilson_interval(right, row["support"])
        row["precision_ci95"] = wilson_interval(right, int((predicted == k).sum()))
    bins = reliability(probabilities, labels)
    state = int(((answers.mask >= MASK_THRESHOLD) == dressed.worn).sum())
    return {
        **report,
        "macro_f1_ci95": bootstrap_interval(
            lambda rows: macro_f1(predicted[rows], labels[rows]), len(labels), subject.seed
        ),
        "ece_ci95": calibration_interval(probabilities, labels, subject.seed),
        "reliability": {
            "faces": bins.faces.tolist(),
            "confidence": _numbers(bins.confidence),
            "accuracy": _numbers(bins.accuracy),
        },
        "mask": {
            "worn": int(dressed.worn.sum()),
            "accuracy": state / len(labels),
            "accuracy_ci95": wilson_interval(state, len(labels)),
        },
    }


def _corruptions(subject: Subject, judge: _Judge, sets: dict[str, DressedFaces]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for corruption in CORRUPTIONS:
        found[corruption.name] = {"unit": corruption.unit, "levels": list(corruption.levels)}
        for kind, dressed in sets.items():
            found[corruption.name][kind] = [
                judge.short(
                    corrupted(dressed.images, corruption, level, subject.seed),
                    f"{corruption.name} {level:g}, {kind}",
                )
                for level in corruption.levels
            ]
    return found


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    """Return a list that JSON can hold: None for what is not a number."""
    return [None if np.isnan(value) else float(value) for value in values]
