"""The command `export`: a run's best weights become the ONNX artifact and its model card."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import structlog

from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.repository import DEFAULT_MODEL, SHIPPED_MODELS
from maskmesh.services.runtime.errors import InvalidInputError, SetupError
from maskmesh.training.card import LICENCE, model_card
from maskmesh.training.convert import (
    Parity,
    check_parity,
    keras_answers,
    save_checked,
    to_onnx,
)
from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import LabelledFaces, load_splits, load_train_and_validation
from maskmesh.training.export_settings import ExportSettings
from maskmesh.training.inference import classify_faces
from maskmesh.training.labels import CLASSES, FACE_SIZE
from maskmesh.training.masking import MaskedFaces
from maskmesh.training.metrics import classification_report
from maskmesh.training.plots import plot_confusion
from maskmesh.training.preparation import SHARE, Workplace, validation_masks
from maskmesh.training.quantise import snap_kernels, store_as_int8
from maskmesh.training.runs import Run, float_model, load_run
from maskmesh.training.saving import whole_folder

PARITY_FACES = 1000
MODEL_FILE = "model.onnx"
MAX_BYTES = 5_000_000
log = structlog.get_logger(__name__)


def export(settings: ExportSettings) -> Path:
    """Export as the settings say.

    Returns:
        The artifact's file.

    Raises:
        NotFoundError: The run folder holds no best weights.
        InvalidInputError: The validation data are not those of the run.
        SetupError: ONNX and Keras disagree, or the artifact is too large; nothing is written.
    """
    run = load_run(settings.run)
    # Right after the run is read: training may go on and replace the weights.
    model = float_model(run)
    faces, masked = _validation(settings, run)
    worn = masked.images[:, 0]
    before = classification_report(keras_answers(model, worn).probabilities, faces.labels)
    snap_kernels(model)
    graph = to_onnx(model)
    store_as_int8(graph)
    _check_size(graph)
    with tempfile.TemporaryDirectory(prefix="maskmesh-") as folder:
        trial = save_checked(graph, _metadata(settings, run, {}), Path(folder) / MODEL_FILE)
        chosen = _parity_rows(len(faces))
        parity = check_parity(
            keras_answers(model, worn[chosen]), classify_faces(trial, worn[chosen])
        )
        reports = _reports(trial, faces, masked)
    metrics = _metrics(reports, before, parity)
    target = (settings.output or SHIPPED_MODELS) / DEFAULT_MODEL / settings.version
    with whole_folder(target) as folder:
        save_checked(graph, _metadata(settings, run, metrics), folder / MODEL_FILE)
        for name, report in reports.items():
            title = f"validation, {name} faces, accuracy {report['accuracy']:.1%}"
            plot_confusion(np.asarray(report["confusion"]), title, folder / f"confusion_{name}.png")
        card = _card(settings, run, reports, metrics, masked.bad_fits)
        (folder / "model_card.md").write_text(card, encoding="utf-8")
    log.info("exported", file=str(target / MODEL_FILE), **metrics)
    return target / MODEL_FILE


def _validation(settings: ExportSettings, run: Run) -> tuple[LabelledFaces, MaskedFaces]:
    train, split = (run.data["splits"][role] for role in ("train", "validation"))
    data = settings.data or default_data()
    if SHARE in run.data:
        _, faces = load_train_and_validation(data, train, split, run.data[SHARE])
    else:
        faces = load_splits(data, [split])[split]
    if settings.per_class is not None:
        faces = faces.head(settings.per_class)
    if faces.sha256 != run.data["sha256"][split]:
        raise InvalidInputError(
            f"split {split!r} is not what the run in {run.folder} was validated on: "
            "pass the run's --data"
        )
    place = Workplace(settings.cache, settings.threads)
    return faces, validation_masks(run.recipe, faces, place)


def _check_size(graph: onnx.ModelProto) -> None:
    size = len(graph.SerializeToString())
    if size > MAX_BYTES:
        raise SetupError(
            f"the artifact would have {size:,} bytes, the limit is {MAX_BYTES:,}: train a "
            "smaller model; nothing was written"
        )


def _card(
    settings: ExportSettings,
    run: Run,
    reports: dict[str, dict[str, Any]],
    metrics: dict[str, Any],
    bad_fits: int,
) -> str:
    return model_card(
        version=settings.version,
        recipe=run.recipe,
        data=run.data,
        best=run.best,
        epochs=len(run.history),
        reports=reports,
        metrics=metrics,
        bad_fits=bad_fits,
    )


def _parity_rows(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    rows = np.random.default_rng(0).permutation(count)[:PARITY_FACES]
    return np.sort(rows)


def _reports(
    classifier: ExpressionClassifier, faces: LabelledFaces, masked: MaskedFaces
) -> dict[str, dict[str, Any]]:
    reports = {}
    for name, images in (("masked", masked.images[:, 0]), ("unmasked", faces.images)):
        answers = classify_faces(classifier, images, f"judging {name} faces")
        worn = masked.worn[:, 0] if name == "masked" else np.zeros(len(faces), bool)
        reports[name] = {
            **classification_report(answers.probabilities, faces.labels),
            "mask_accuracy": float(((answers.mask >= 0.5) == worn).mean()),
        }
    return reports


def _metrics(
    reports: dict[str, dict[str, Any]], before: dict[str, Any], parity: Parity
) -> dict[str, Any]:
    return {
        **{
            f"{name}_{key}": round(report[key], 4)
            for name, report in reports.items()
            for key in ("accuracy", "macro_f1", "ece", "mask_accuracy")
        },
        "masked_accuracy_float_weights": round(before["accuracy"], 4),
        "parity": asdict(parity),
    }


def _metadata(settings: ExportSettings, run: Run, metrics: dict[str, Any]) -> dict[str, str]:
    return {
        "labels": json.dumps([*CLASSES]),
        "input_size": str(FACE_SIZE),
        "model_name": DEFAULT_MODEL,
        "version": settings.version,
        "recipe": run.recipe.model_dump_json(),
        "epochs": str(int(run.best["epoch"])),
        "data_sha256": json.dumps(run.data["sha256"]),
        "metrics": json.dumps(metrics),
        "licence": LICENCE,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
