"""The command `evaluate`: judges an ONNX artifact on labelled faces, masked or not."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import LabelledFaces, load_splits
from maskmesh.training.evaluation.artifact import read_facts
from maskmesh.training.evaluation.measure import MASK_THRESHOLD, Subject, measure
from maskmesh.training.evaluation.report import check_place, write_report
from maskmesh.training.evaluation.settings import EvaluateSettings
from maskmesh.training.inference import classify_faces, open_classifier
from maskmesh.training.labels import CLASSES
from maskmesh.training.masking import mask_faces
from maskmesh.training.metrics import classification_report
from maskmesh.training.plots import plot_confusion


def evaluate(settings: EvaluateSettings) -> dict[str, Any]:
    """Evaluate as the settings say; write the JSON, the plot and the report that they name.

    Returns:
        `classification_report`'s numbers, with the model, the data and the masks.

    Raises:
        MaskmeshError: The data, the model or the output place cannot be used.
    """
    for file in (settings.json_file, settings.plot):
        if file is not None and not file.parent.is_dir():
            raise InvalidInputError(f"no folder {file.parent} for {file.name}: make it first")
    if settings.report is not None:
        check_place(settings.report)
    classifier = open_classifier(settings.model, settings.threads)
    data = settings.data or default_data()
    whole = load_splits(data, [settings.split], all_classes=False)[settings.split]
    faces = whole if settings.per_class is None else whole.head(settings.per_class)
    model = {"name": classifier.model.name, "version": classifier.model.version}
    with tempfile.TemporaryDirectory(prefix="maskmesh-") as folder:
        cache = Path(folder)
        judged = judge(classifier, faces, settings, cache)
        result = {**judged, "model": model, "data": data.name}
        if settings.report is not None:
            subject = Subject(classifier, read_facts(classifier.model.path), faces, settings.seed)
            about = {
                "model": model,
                "data": data.name,
                **describe(subject, whole, settings.per_class),
            }
            numbers = {"about": about, **measure(subject, cache, settings.threads)}
            write_report(numbers, settings.report)
    if settings.json_file is not None:
        settings.json_file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if settings.plot is not None:
        title = f"{settings.split}, mask: {settings.mask}, accuracy {result['accuracy']:.1%}"
        plot_confusion(np.asarray(result["confusion"]), title, settings.plot)
    return result


def judge(
    classifier: ExpressionClassifier, faces: LabelledFaces, settings: EvaluateSettings, cache: Path
) -> dict[str, Any]:
    """Put masks on the faces if the settings say so, classify them, and report."""
    masks: dict[str, Any] = {"mask": settings.mask}
    images = faces.images
    if settings.mask == "synthetic":
        masked = mask_faces(
            faces, variants=1, seed=settings.seed, cache=cache, workers=settings.threads
        )
        images = masked.images[:, 0]
        masks |= {
            "seed": settings.seed,
            "bad_fits": masked.bad_fits,
            "left_unmasked": masked.unmasked,
        }
    answers = classify_faces(classifier, images, f"classifying {faces.split}")
    return {
        **classification_report(answers.probabilities, faces.labels),
        "split": faces.split,
        "data_sha256": faces.sha256,
        "seen_as_masked": float((answers.mask >= MASK_THRESHOLD).mean()),
        **masks,
    }


def describe(subject: Subject, whole: LabelledFaces, per_class: int | None) -> dict[str, Any]:
    """Return what a report says of the faces it is about, and whether the model knows them.

    Args:
        subject: What is judged.
        whole: The split that the judged faces are of.
        per_class: How many of each class were taken at most; None for all.
    """
    there = set(subject.faces.labels.tolist())
    held_out = subject.facts.held_out_styles
    return {
        "split": subject.faces.split,
        "n": len(subject.faces),
        "at_most_per_class": per_class,
        "classes_without_faces": [name for k, name in enumerate(CLASSES) if k not in there],
        "data_sha256": subject.faces.sha256,
        "known_split": subject.facts.known_split(whole.sha256),
        "held_out_styles": None if held_out is None else list(held_out),
        "seed": subject.seed,
    }


def summary(result: dict[str, Any]) -> Table:
    """Return the main numbers of `evaluate` as a table for the terminal."""
    low, high = result["accuracy_ci95"]
    table = Table(
        title=f"{result['data']} {result['split']}, mask: {result['mask']}, {result['n']:,} faces",
        caption=f"accuracy {result['accuracy']:.2%} (95 %: {low:.2%} to {high:.2%}), "
        f"macro F1 {result['macro_f1']:.4f}, ECE {result['ece']:.4f}",
    )
    for heading in ("class", "precision", "recall", "F1", "faces"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    for name, row in result["per_class"].items():
        numbers = [f"{row[key]:.3f}" for key in ("precision", "recall", "f1")]
        table.add_row(name, *numbers, str(row["support"]))
    return table
