"""The command `export`: a run's best weights become the ONNX artifact and its model card."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import onnx
import structlog

from maskmesh.services.classification.repository import (
    DEFAULT_MODEL,
    MODEL_FILE,
    SHIPPED_MODELS,
    next_version,
)
from maskmesh.services.runtime.errors import InvalidInputError, SetupError
from maskmesh.training.calibration import Calibration, calibrate
from maskmesh.training.card import model_card
from maskmesh.training.convert import (
    check_parity,
    keras_answers,
    save_checked,
    shorten_names,
    to_onnx,
)
from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import LabelledFaces, load_splits, load_train_and_validation
from maskmesh.training.export_report import artifact_metrics, judge, metadata, mirroring_gain
from maskmesh.training.export_settings import ExportSettings
from maskmesh.training.finishing import both_views, finished, with_lean_maps
from maskmesh.training.inference import classify_faces
from maskmesh.training.integers import to_integers
from maskmesh.training.masking import MaskedFaces
from maskmesh.training.plots import plot_confusion
from maskmesh.training.preparation import SHARE, Workplace, validation_masks
from maskmesh.training.quantise import snap_kernels, store_on_grid
from maskmesh.training.range_faces import range_faces
from maskmesh.training.runs import Run, float_model, load_run
from maskmesh.training.saving import whole_folder

PARITY_FACES = 1000
MAX_BYTES = 5_000_000
# What few bits may cost, in accuracy.
MAX_LOSS = 0.01
# Faces; where few are judged on, their share says little.
LOST_BY_CHANCE = 5
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The network that is served, and what was measured while it was made.

    Attributes:
        model: Kernels on their grid, mirroring and temperature inside.
        temperature: That of the model.
        calibration: How it was fitted, and what it is worth.
        mirroring: For masked and unmasked faces, what the mean with the mirror image gains.
        float_accuracy: On masked faces, before the kernels were put on the grid.
    """

    model: keras.Model
    temperature: float
    calibration: Calibration
    mirroring: dict[str, dict[str, Any]]
    float_accuracy: float


def export(settings: ExportSettings) -> Path:
    """Export as the settings say.

    Returns:
        The artifact's file.

    Raises:
        NotFoundError: The run folder holds no best weights.
        InvalidInputError: The validation data are not those of the run, or the version exists.
        SetupError: ONNX and Keras disagree, or the artifact is too large, or has lost too much to
            its few bits; nothing is written.
    """
    target = _target(settings)
    run = load_run(settings.run)
    # Right after the run is read: training may go on and replace the weights.
    model = float_model(run)
    faces, masked = _validation(settings, run)
    made = finish(model, faces, masked, mirrored=settings.mirrored, bits=settings.bits)
    describe = partial(metadata, run, target.name, settings, temperature=made.temperature)
    converted = to_onnx(made.model)
    graph = _stored(converted, settings.bits)
    with tempfile.TemporaryDirectory(prefix="maskmesh-") as folder:
        trial = save_checked(graph, describe(metrics={}), Path(folder) / MODEL_FILE)
        some = masked.images[_parity_rows(len(faces)), 0]
        parity = check_parity(keras_answers(made.model, some), classify_faces(trial, some))
        if settings.int8:
            ranges = range_faces(_training_faces(settings, run), run.recipe)
            graph = _stored(to_integers(converted, ranges, settings.bits), settings.bits)
            trial = save_checked(graph, describe(metrics={}), Path(folder) / "int8.onnx")
        reports = judge(trial, faces, masked)
    metrics = artifact_metrics(
        reports, made.calibration, made.mirroring, made.float_accuracy, parity
    )
    _check_loss(metrics, len(faces))
    with whole_folder(target, replace=settings.replace) as folder:
        save_checked(graph, describe(metrics=metrics), folder / MODEL_FILE)
        for name, report in reports.items():
            title = f"validation, {name} faces, accuracy {report['accuracy']:.1%}"
            plot_confusion(np.asarray(report["confusion"]), title, folder / f"confusion_{name}.png")
        card = model_card(
            version=target.name,
            run=run,
            settings=settings,
            temperature=made.temperature,
            reports=reports,
            metrics=metrics,
            bad_fits=masked.bad_fits,
        )
        (folder / "model_card.md").write_text(card, encoding="utf-8")
    log.info("exported", file=str(target / MODEL_FILE), temperature=made.temperature, **metrics)
    return target / MODEL_FILE


def finish(
    model: keras.Model, faces: LabelledFaces, masked: MaskedFaces, *, mirrored: bool, bits: int
) -> Finished:
    """Put a trained network's kernels on their grid and make it what is served.

    Args:
        model: The network, in float32.
        faces: Validation faces, at least two.
        masked: The same faces with masks.
        mirrored: Whether it is to answer the mean of a face and its mirror image.
        bits: Of a stored weight, 6 to 8.
    """
    model = with_lean_maps(model)
    sets = {"masked": masked.images[:, 0], "unmasked": faces.images}
    before = both_views(model, sets["masked"]).answers(mirrored).probabilities
    snap_kernels(model, bits)
    views = {name: both_views(model, images) for name, images in sets.items()}
    calibration = calibrate(
        {name: both.answers(mirrored).probabilities for name, both in views.items()}, faces.labels
    )
    temperature = round(calibration.temperature, 4)
    return Finished(
        finished(model, mirrored=mirrored, temperature=temperature),
        temperature,
        calibration,
        {name: mirroring_gain(both, faces.labels) for name, both in views.items()},
        float((before.argmax(axis=1) == faces.labels).mean()),
    )


def _target(settings: ExportSettings) -> Path:
    """Return the folder of the version to write, having made sure that it may be written."""
    versions = (settings.output or SHIPPED_MODELS) / DEFAULT_MODEL
    target = versions / (settings.version or next_version(versions))
    if target.exists() and not settings.replace:
        raise InvalidInputError(
            f"version {target.name} exists already in {versions}: leave --version out to make "
            f"version {next_version(versions)}, or pass --replace"
        )
    return target


def _validation(settings: ExportSettings, run: Run) -> tuple[LabelledFaces, MaskedFaces]:
    split = run.data["splits"]["validation"]
    faces = _load(settings, run, "validation")
    if settings.per_class is not None:
        faces = faces.head(settings.per_class)
    if faces.sha256 != run.data["sha256"][split]:
        raise InvalidInputError(
            f"split {split!r} is not what the run in {run.folder} was validated on: "
            "pass the run's --data"
        )
    place = Workplace(settings.cache, settings.threads)
    return faces, validation_masks(run.recipe, faces, place)


def _training_faces(settings: ExportSettings, run: Run) -> LabelledFaces:
    faces = _load(settings, run, "train")
    return faces if settings.per_class is None else faces.head(settings.per_class)


def _load(
    settings: ExportSettings, run: Run, role: Literal["train", "validation"]
) -> LabelledFaces:
    train, validation = (run.data["splits"][name] for name in ("train", "validation"))
    data = settings.data or default_data()
    if SHARE in run.data:
        both = load_train_and_validation(data, train, validation, run.data[SHARE])
        return both[0 if role == "train" else 1]
    split = run.data["splits"][role]
    return load_splits(data, [split])[split]


def _stored(converted: onnx.ModelProto, bits: int) -> onnx.ModelProto:
    """Return a graph as it is stored: weights in few bits, short names."""
    graph = onnx.ModelProto()
    graph.CopyFrom(converted)
    store_on_grid(graph, bits)
    shorten_names(graph)
    size = len(graph.SerializeToString())
    if size > MAX_BYTES:
        raise SetupError(
            f"the artifact would have {size:,} bytes, the limit is {MAX_BYTES:,}: train a "
            "smaller model; nothing was written"
        )
    return graph


def _check_loss(metrics: Mapping[str, Any], count: int) -> None:
    loss = metrics["masked_accuracy_float_weights"] - metrics["masked_accuracy"]
    if loss * count > max(MAX_LOSS * count, LOST_BY_CHANCE):
        raise SetupError(
            f"the artifact is right on {loss:.1%} fewer of the masked faces than the float network "
            f"(limit {MAX_LOSS:.1%}): export with more --bits, or with --no-int8; nothing was "
            "written"
        )


def _parity_rows(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    rows = np.random.default_rng(0).permutation(count)[:PARITY_FACES]
    return np.sort(rows)
