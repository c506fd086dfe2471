"""The ONNX model that tells seven expressions, and whether a mask is worn, from a face."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.classification.preparation import prepare_faces
from maskmesh.services.classification.repository import ModelFile
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.services.runtime.inference import load_session


@dataclass(frozen=True, slots=True)
class Classified:
    """What the faces of one call express.

    Attributes:
        probabilities: float32 N×7, rows sum to 1, columns in the order of `EXPRESSIONS`.
        mask: float32 N, the probability that a mask is worn.
    """

    probabilities: NDArray[np.float32]
    mask: NDArray[np.float32]


class ExpressionClassifier:
    """Runs one version of the model; may be called from many threads at once.

    Args:
        model: Which file to run.
        threads: Threads that one call may use; more than 1 only where cores are idle.

    Raises:
        SetupError: The file is no ONNX model, or not one of ours.
    """

    def __init__(self, model: ModelFile, threads: int = 1) -> None:
        self.model = model
        self._session = load_session(model.path, "export it again", threads)
        self.side = self._check_contract()

    def classify(self, faces: Sequence[NDArray[np.uint8]]) -> Classified:
        """Classify gray faces of any size.

        Args:
            faces: N uint8 arrays H×W, 0 to 255, framed like FER2013: forehead to chin.

        Raises:
            InvalidInputError: There is no face, or one is not an H×W uint8 array.
        """
        return self.run(prepare_faces(faces, self.side))

    def run(self, batch: NDArray[np.uint8]) -> Classified:
        """Classify faces that are prepared.

        Args:
            batch: uint8 array N × side × side × 1, as `prepare_faces` makes it.
        """
        probabilities, mask = self._session.run(["probabilities", "mask"], {"faces": batch})
        return Classified(probabilities, mask)

    def _check_contract(self) -> int:
        inputs = {node.name: node.shape for node in self._session.get_inputs()}
        outputs = {node.name for node in self._session.get_outputs()}
        metadata = self._session.get_modelmeta().custom_metadata_map
        try:
            labels = tuple(json.loads(metadata.get("labels", "[]")))
        except (ValueError, TypeError):
            labels = ()
        shape = inputs.get("faces", [])
        fixed = len(shape) == 4 and isinstance(shape[1], int)
        if not fixed or not {"probabilities", "mask"} <= outputs or labels != EXPRESSIONS:
            raise SetupError(
                f"{self.model.path} is not a maskmesh model: it needs the input faces "
                "[N, side, side, 1], the outputs probabilities and mask, and the labels "
                f"{', '.join(EXPRESSIONS)} in its metadata; export it with `maskmesh export`"
            )
        return int(shape[1])
