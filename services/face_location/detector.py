"""Finds faces, masked or not: a Haar cascade of our own proposes, a small network verifies.

The cascade (`models/masked_faces.xml`) was trained on faces with and without masks and lets many
windows pass; the network (`models/face_verifier.onnx`) tells which of them are faces and frames
those as FER2013 frames. `training/location` makes both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.artifacts import SHIPPED_MODELS
from maskmesh.services.face_location.boxes import Box, FloatArray, clip_box
from maskmesh.services.face_location.proposals import CascadeProposer
from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.services.face_location.regions import Cells, mostly_open, paint_over
from maskmesh.services.face_location.suppression import suppress
from maskmesh.services.face_location.verifier import FaceVerifier, Verified
from maskmesh.services.runtime.errors import InvalidInputError

Source = Literal["face", "track"]

WORTH_A_SECOND_LOOK = 0.1
# A face looks like one from a little beside it, too; what only resembles one often does not.
VIEWS = ((0.0, 0.0, 1.0), (0.08, 0.0, 1.0), (-0.08, 0.0, 1.0), (0.0, 0.0, 1.12), (0.0, 0.0, 0.9))
# Where a face may be that was expected elsewhere: shifts in sides of the box, and scales.
NEAR_SHIFTS = ((0.3, 0.0), (-0.3, 0.0), (0.0, 0.3), (0.0, -0.3))
NEAR_SCALES = (1.3, 0.75)
MOST_SHIFT = 0.7
MOST_LOG_SCALE = 0.5


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that was found.

    Attributes:
        box: x, y, width, height in pixels, inside the picture; square before it was cut there.
            From the middle of the forehead to the chin, as FER2013's pictures are framed.
        score: How sure, above 0 to 1.
        source: "face" from a search of the picture, "track" from a look where it was expected.
    """

    box: Box
    score: float
    source: Source


class HaarFaceDetector:
    """Finds faces in gray pictures. May be used by several threads at a time."""

    def __init__(
        self,
        min_score: float = 0.5,
        search_side: int = 416,
        models: Path = SHIPPED_MODELS,
    ) -> None:
        """Load the cascade and the network.

        Args:
            min_score: Lowest score of a face that is returned, 0 to 1.
            search_side: Longer side, in pixels, of the picture in which the cascade looks: faces
                of at least 1/16 of a picture's longer side are found at 416.
            models: Folder of the two files.

        Raises:
            SetupError: A file is missing or damaged.
        """
        self._min_score = min_score
        self._proposer = CascadeProposer(search_side, models)
        self._verifier = FaceVerifier(models)

    def detect(
        self,
        gray: NDArray[np.uint8],
        small_faces: bool = True,
        cells: Cells | None = None,
    ) -> list[Detection]:
        """Return the faces of a picture, highest score first.

        Args:
            gray: uint8 H×W, values 0 to 255.
            small_faces: Whether to look for the smallest, too (at a search side of 416: those of
                1/16 to 1/8.5 of the picture's longer side), which takes half of the time.
            cells: uint8 rows×columns, a grid over the picture: 1 where to search, 0 where not;
                None: search everywhere.

        Raises:
            InvalidInputError: Not a gray picture of 8 bits.
        """
        _check(gray)
        pyramid = Pyramid(gray)
        first = self._verifier.verify(pyramid, self._propose(gray, small_faces, cells))
        likely = first.scores >= WORTH_A_SECOND_LOOK
        kept = suppress(first.boxes[likely], first.scores[likely], max_iou=0.6, max_cover=1.0)
        second = self._look_again(pyramid, first.boxes[likely][kept])
        faces = np.flatnonzero(second.scores >= self._min_score)
        detections = []
        for index in faces[suppress(second.boxes[faces], second.scores[faces])]:
            inside = clip_box(second.boxes[index], gray.shape[1], gray.shape[0])
            if inside is not None:
                detections.append(Detection(inside, float(second.scores[index]), "face"))
        return detections

    def find_near(self, gray: NDArray[np.uint8], boxes: FloatArray) -> list[Detection | None]:
        """Look for faces where they are expected.

        Args:
            gray: uint8 H×W, values 0 to 255.
            boxes: float64 N×4, x, y, width, height in pixels, square; anywhere.

        Returns:
            For every box the face there, up to about half a side away and 0.7 to 1.4 times as
            large, or None.

        Raises:
            InvalidInputError: Not a gray picture of 8 bits.
        """
        _check(gray)
        pyramid = Pyramid(gray)
        first = self._verifier.verify(pyramid, boxes)
        starts = first.boxes.copy()
        for index in np.flatnonzero(first.scores < WORTH_A_SECOND_LOOK):
            around = self._verifier.verify(pyramid, _around(boxes[index]))
            starts[index] = around.boxes[int(np.argmax(around.scores))]
        second = self._look_again(pyramid, starts)
        near = _still_near(second.boxes, boxes) & (second.scores >= self._min_score)
        found: list[Detection | None] = []
        for box, score, is_near in zip(second.boxes, second.scores, near, strict=True):
            inside = clip_box(box, gray.shape[1], gray.shape[0]) if is_near else None
            found.append(None if inside is None else Detection(inside, float(score), "track"))
        return found

    def _propose(
        self, gray: NDArray[np.uint8], small_faces: bool, cells: Cells | None
    ) -> FloatArray:
        if cells is None:
            return self._proposer.propose(gray, small_faces)
        boxes = self._proposer.propose(paint_over(gray, cells), small_faces)
        return boxes[mostly_open(boxes, cells, gray.shape)]

    def _look_again(self, pyramid: Pyramid, boxes: FloatArray) -> Verified:
        """Judge boxes from several views: the mean of the scores, the median of the boxes."""
        shifts, scales = np.array(VIEWS)[:, None, :2], np.array(VIEWS)[:, None, 2:]
        sides = boxes[None, :, 2:3] * scales
        middles = boxes[None, :, :2] + boxes[None, :, 2:] / 2 + shifts * boxes[None, :, 2:3]
        views = np.concatenate([middles - sides / 2, sides, sides], axis=2).reshape(-1, 4)
        seen = self._verifier.verify(pyramid, views)
        return Verified(
            scores=seen.scores.reshape(len(VIEWS), -1).mean(axis=0),
            boxes=np.median(seen.boxes.reshape(len(VIEWS), -1, 4), axis=0),
        )


def _around(box: FloatArray) -> FloatArray:
    x, y, width, height = box
    shifted = [(x + dx * width, y + dy * height, width, height) for dx, dy in NEAR_SHIFTS]
    scaled = [
        (x + width * (1 - s) / 2, y + height * (1 - s) / 2, width * s, height * s)
        for s in NEAR_SCALES
    ]
    return np.array(shifted + scaled)


def _still_near(found: FloatArray, expected: FloatArray) -> NDArray[np.bool_]:
    sides = expected[:, 2]
    apart = np.abs(found[:, :2] + found[:, 2:] / 2 - expected[:, :2] - expected[:, 2:] / 2)
    changed = np.abs(np.log(found[:, 2] / sides))
    return np.asarray((apart.max(axis=1) < MOST_SHIFT * sides) & (changed < MOST_LOG_SCALE))


def _check(gray: NDArray[np.uint8]) -> None:
    if gray.ndim != 2 or gray.dtype != np.uint8 or not gray.size:
        raise InvalidInputError(
            f"expected a gray picture, uint8 H×W, got {gray.dtype} of shape {gray.shape}: "
            "convert it first"
        )
