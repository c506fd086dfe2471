"""The command `export`: a run's best weights become the ONNX artifact and its model card."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import structlog

from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.repository import DEFAULT_MODEL, SHIPPED_MODELS
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, SetupError
from maskmesh.training.callbacks import WEIGHTS, best_epoch, newest_history
from maskmesh.training.card import LICENCE, model_card
from maskmesh.training.convert import (
    Parity,
    check_parity,
    keras_answers,
    save_checked,
    to_onnx,
)
from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import LabelledFaces, load_splits
from maskmesh.training.fit import DATA_FILE, MONITOR, RECIPE_FILE
from maskmesh.training.inference import classify_faces
from maskmesh.training.labels import CLASSES, FACE_SIZE
from maskmesh.training.masking import MaskedFaces, mask_faces
from maskmesh.training.metrics import classification_report
from maskmesh.training.models import build_model
from maskmesh.training.plots import plot_confusion
from maskmesh.training.quantise import snap_kernels, store_as_int8
from maskmesh.training.recipe import Recipe
from maskmesh.training.settings import ExportSettings

PARITY_FACES = 1000
MODEL_FILE = "model.onnx"
MAX_BYTES = 5_000_000
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run folder tells: its recipe, its data, and the epoch whose weights are the best."""

    folder: Path
    recipe: Recipe
    data: dict[str, Any]
    history: list[dict[str, float]]

    @property
    def best(self) -> dict[str, float]:
        """The best epoch's row of metrics."""
        return dict(best_epoch(self.history, MONITOR))


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
    save_checked(graph, _metadata(settings, run, metrics), target / MODEL_FILE)
    for name, report in reports.items():
        title = f"validation, {name} faces, accuracy {report['accuracy']:.1%}"
        plot_confusion(np.asarray(report["confusion"]), title, target / f"confusion_{name}.png")
    card = _card(settings, run, reports, metrics, masked.bad_fits)
    (target / "model_card.md").write_text(card, encoding="utf-8")
    log.info("exported", file=str(target / MODEL_FILE), **metrics)
    return target / MODEL_FILE


def load_run(folder: Path) -> Run:
    """Read what a run folder tells about itself.

    Raises:
        NotFoundError: No run there, or no epoch is done yet.
    """
    if not (folder / f"best.{WEIGHTS}").is_file():
        raise NotFoundError(f"{folder} holds no best.{WEIGHTS}: run maskmesh train first")
    recipe = Recipe.model_validate_json((folder / RECIPE_FILE).read_text(encoding="utf-8"))
    data = json.loads((folder / DATA_FILE).read_text(encoding="utf-8"))
    return Run(folder, recipe, data, newest_history(folder))


def float_model(run: Run) -> keras.Model:
    """Rebuild the run's network in float32 with its best weights."""
    keras.config.set_dtype_policy("float32")
    model = build_model(run.recipe.model, dropout=run.recipe.dropout)
    model.load_weights(run.folder / f"best.{WEIGHTS}")
    return model


def _validation(settings: ExportSettings, run: Run) -> tuple[LabelledFaces, MaskedFaces]:
    split = run.data["splits"]["validation"]
    faces = load_splits(settings.data or default_data(), [split])[split]
    if settings.per_class is not None:
        faces = faces.head(settings.per_class)
    if faces.sha256 != run.data["sha256"][split]:
        raise InvalidInputError(
            f"split {split!r} is not what the run in {run.folder} was validated on: "
            "pass the run's --data"
        )
    masked = mask_faces(
        faces,
        variants=1,
        seed=run.recipe.seed + 1,
        cache=settings.cache,
        workers=settings.threads,
    )
    return faces, masked


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
