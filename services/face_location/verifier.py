"""A very small network that tells faces from what a cascade takes for faces, and frames them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maskmesh.services.face_location.artifacts import SHIPPED_MODELS, VERIFIER_FILE
from maskmesh.services.face_location.boxes import FloatArray, grow_boxes
from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.inference import load_session

PATCH_SIDE = 32
MARGIN = 1.1
"""Side of what the network is shown ÷ side of the box it judges."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What the network says of some boxes.

    Attributes:
        scores: float64 N, 0 (no face) to 1.
        boxes: float64 N×4, x, y, width, height: where the face is, if it is one.
    """

    scores: FloatArray
    boxes: FloatArray


class FaceVerifier:
    """Judges boxes and corrects them, as the networks of Zhang et al. (MTCNN, 2016) do.

    May be used by several threads at a time.
    """

    def __init__(self, models: Path = SHIPPED_MODELS) -> None:
        """Load the network.

        Args:
            models: Folder of the ONNX file. Its input is "patches", uint8 N×32×32; its outputs
                are "score", float32 N, and "correction", float32 N×3: shift across and down in
                sides of the box, and the natural logarithm of the change of the side.

        Raises:
            SetupError: The file is missing, no ONNX model, or another one.
        """
        model = models / VERIFIER_FILE
        self._session = load_session(model, "reinstall maskmesh, or train it again")
        outputs = {output.name for output in self._session.get_outputs()}
        if [put.name for put in self._session.get_inputs()] != ["patches"] or outputs != {
            "score",
            "correction",
        }:
            raise SetupError(f"{model} is no face verifier: reinstall maskmesh")

    def verify(self, pyramid: Pyramid, boxes: FloatArray) -> Verified:
        """Judge boxes.

        Args:
            pyramid: Of the picture.
            boxes: float64 N×4, x, y, width, height in pixels of the picture; square.
        """
        if not len(boxes):
            return Verified(np.zeros(0), np.zeros((0, 4)))
        sides = boxes[:, 2:3]
        patches = pyramid.patches(grow_boxes(boxes, MARGIN), PATCH_SIDE)
        scores, corrections = self._session.run(["score", "correction"], {"patches": patches})
        middles = boxes[:, :2] + sides / 2 + corrections[:, :2] * sides
        corrected = sides * np.exp(corrections[:, 2:3])
        framed = np.hstack([middles - corrected / 2, corrected, corrected])
        return Verified(scores.astype(np.float64), framed.astype(np.float64))
