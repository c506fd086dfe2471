"""What an artifact is worth on the validation faces, and what its metadata tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.repository import DEFAULT_MODEL
from maskmesh.training.calibration import Calibration
from maskmesh.training.card import licence
from maskmesh.training.convert import Parity
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.export_settings import ExportSettings
from maskmesh.training.finishing import Views
from maskmesh.training.inference import classify_faces
from maskmesh.training.labels import CLASSES, FACE_SIZE
from maskmesh.training.masking import MaskedFaces
from maskmesh.training.metrics import classification_report
from maskmesh.training.runs import Run

Report = dict[str, Any]


def judge(
    classifier: ExpressionClassifier, faces: LabelledFaces, masked: MaskedFaces
) -> dict[str, Report]:
    """Classify the masked and the unmasked faces and report on each."""
    reports = {}
    for name, images in (("masked", masked.images[:, 0]), ("unmasked", faces.images)):
        answers = classify_faces(classifier, images, f"judging {name} faces")
        worn = masked.worn[:, 0] if name == "masked" else np.zeros(len(faces), bool)
        reports[name] = {
            **classification_report(answers.probabilities, faces.labels),
            "mask_accuracy": float(((answers.mask >= 0.5) == worn).mean()),
        }
    return reports


def artifact_metrics(
    reports: Mapping[str, Report],
    calibration: Calibration,
    mirroring: Mapping[str, Mapping[str, Any]],
    float_accuracy: float,
    parity: Parity,
) -> dict[str, Any]:
    """Put together what the metadata and the card tell, rounded."""
    metrics: dict[str, Any] = {}
    for name, report in reports.items():
        for key in ("accuracy", "macro_f1", "ece", "mask_accuracy"):
            metrics[f"{name}_{key}"] = round(report[key], 4)
        error = calibration.errors[name]
        metrics[f"{name}_ece_before_calibration"] = round(error.before, 4)
        metrics[f"{name}_ece_cross_fitted"] = round(error.after, 4)
    return {
        **metrics,
        "temperature_of_halves": [round(value, 4) for value in calibration.of_halves],
        "mirroring": {name: dict(gain) for name, gain in mirroring.items()},
        "masked_accuracy_float_weights": round(float_accuracy, 4),
        "parity": asdict(parity),
    }


def mirroring_gain(views: Views, labels: NDArray[np.int64]) -> dict[str, Any]:
    """Compare the accuracy of one view with that of the mean of both.

    Returns:
        one_view, both_views, and gain_ci95: the 95 % interval of their difference, from the
        variance of the paired difference over the faces.
    """
    one, both = (
        (views.answers(mirrored).probabilities.argmax(axis=1) == labels).astype(np.float64)
        for mirrored in (False, True)
    )
    gain = both - one
    margin = 1.96 * gain.std() / np.sqrt(len(gain))
    return {
        "one_view": round(float(one.mean()), 4),
        "both_views": round(float(both.mean()), 4),
        "gain_ci95": [round(float(gain.mean() + side * margin), 4) for side in (-1, 1)],
    }


def metadata(
    run: Run,
    version: str,
    settings: ExportSettings,
    *,
    temperature: float,
    metrics: Mapping[str, Any],
) -> dict[str, str]:
    """Return what the file carries about itself."""
    return {
        "labels": json.dumps([*CLASSES]),
        "input_size": str(FACE_SIZE),
        "model_name": DEFAULT_MODEL,
        "version": version,
        "temperature": f"{temperature:g}",
        "mirrored": json.dumps(settings.mirrored),
        "weight_bits": str(settings.bits),
        "arithmetic": "int8" if settings.int8 else "float32",
        "recipe": run.recipe.model_dump_json(),
        "epochs": str(int(run.best["epoch"])),
        "data_sha256": json.dumps(run.data["sha256"]),
        "metrics": json.dumps(metrics),
        "licence": licence(run.data),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
