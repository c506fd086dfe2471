"""Runs the classification service's own classifier over many faces, as evaluation needs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from rich.progress import track

from maskmesh.services.classification.classifier import Classified, ExpressionClassifier
from maskmesh.services.classification.repository import ModelFile, find_model
from maskmesh.services.runtime.errors import NotFoundError

BATCH = 64


def open_classifier(file: Path | None, threads: int = 1) -> ExpressionClassifier:
    """Open a model file, or the one that ships.

    Raises:
        NotFoundError: There is no such file, or none ships.
        SetupError: The file is none of our models.
    """
    if file is None:
        return ExpressionClassifier(find_model(), threads)
    if not file.is_file():
        raise NotFoundError(f"no model at {file}: pass --model FILE or run maskmesh export")
    return ExpressionClassifier(_named(file), threads)


def _named(file: Path) -> ModelFile:
    """Return the file under the name and the version that its metadata carry."""
    try:
        carried = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    except DecodeError:
        carried = {}  # the classifier says what is wrong with it
    return ModelFile(carried.get("model_name", file.stem), carried.get("version", ""), file)


def classify_faces(
    classifier: ExpressionClassifier, faces: NDArray[np.uint8], title: str = "classifying"
) -> Classified:
    """Classify faces, uint8 [N, H, W], in batches, with a progress bar."""
    batches = -(-len(faces) // BATCH)
    parts = classified_batches(classifier, faces)
    return joined([*track(parts, title, total=batches, transient=True)])


def classified_batches(
    classifier: ExpressionClassifier, faces: NDArray[np.uint8]
) -> Iterator[Classified]:
    """Classify faces, uint8 [N, H, W], batch by batch."""
    for start in range(0, len(faces), BATCH):
        yield classifier.classify([*faces[start : start + BATCH]])


def joined(parts: Sequence[Classified]) -> Classified:
    """Put the answers of all batches together."""
    return Classified(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.mask for part in parts]),
    )
