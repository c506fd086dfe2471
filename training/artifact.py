"""The ONNX artifact as training sees it: run on arrays, with the metadata it carries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from rich.progress import track

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.training.labels import CLASSES

MODEL_NAME = "expression"
MODEL_FILE = "model.onnx"
BATCH = 64


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model says of N faces.

    Attributes:
        probabilities: float32 [N, 7], in the order of `CLASSES`.
        mask: float32 [N], probability that a mask is worn.
    """

    probabilities: NDArray[np.float32]
    mask: NDArray[np.float32]


class Artifact:
    """A model file, ready to classify.

    Raises:
        NotFoundError: No such file.
        InvalidInputError: Not a model, or one with other inputs, outputs or labels than ours.
    """

    def __init__(self, file: Path, threads: int = 1) -> None:
        if not file.is_file():
            raise NotFoundError(f"no model at {file}: pass --model FILE or run maskmesh export")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"]
            )
        # ONNX Runtime has one class for each of its codes and RuntimeError above only some of them.
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise InvalidInputError(f"{file} is no model that can be run: {reason}") from error
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        _check_contract(file, self._session, self.metadata)

    @property
    def identity(self) -> dict[str, Any]:
        """Name and version of the model."""
        return {"name": self.metadata.get("model_name"), "version": self.metadata.get("version")}

    def classify(self, faces: NDArray[np.uint8], title: str = "classifying") -> Answers:
        """Classify faces, uint8 [N, 48, 48], in batches."""
        parts = []
        starts = range(0, len(faces), BATCH)
        for start in track(starts, title, transient=True):
            batch = faces[start : start + BATCH, ..., None]
            parts.append(self._session.run(["probabilities", "mask"], {"faces": batch}))
        return Answers(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _check_contract(
    file: Path, session: onnxruntime.InferenceSession, metadata: dict[str, str]
) -> None:
    inputs = [put.name for put in session.get_inputs()]
    outputs = {put.name for put in session.get_outputs()}
    labels = json.loads(metadata.get("labels", "null"))
    if inputs != ["faces"] or not {"probabilities", "mask"} <= outputs or labels != [*CLASSES]:
        raise InvalidInputError(
            f"{file} has inputs {inputs}, outputs {sorted(outputs)} and labels {labels}; expected "
            f"['faces'], ['mask', 'probabilities'] and {[*CLASSES]}: use a file of maskmesh export"
        )
