"""Finds faces, masked or not, with OpenCV's Haar cascades and a second look by the eyes.

First look: a lenient cascade of frontal faces proposes squares, in a coarse picture for large faces
and in a finer one for small faces. Second look: eye cascades, and every two eyes that could be of
one face propose its square. Then each square is levelled, scaled to one size and shown to stricter
face cascades and to eye cascades, and a logistic score of what they say decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import Box, FloatArray, clip_box, iou_matrix
from maskmesh.services.face_location.candidates import Candidate, Source, boxes_of
from maskmesh.services.face_location.cascades import CascadesOfThread
from maskmesh.services.face_location.framing import frame_face
from maskmesh.services.face_location.patches import scale_picture
from maskmesh.services.face_location.proposals import (
    PROPOSING_CASCADES,
    propose_by_eyes,
    propose_by_face,
)
from maskmesh.services.face_location.sizes import SearchSizes
from maskmesh.services.face_location.suppression import suppress
from maskmesh.services.face_location.verification import (
    VERIFICATION_CASCADES,
    gather_evidence,
    score_evidence,
)
from maskmesh.services.runtime.errors import InvalidInputError

SURE_SCORE = 0.97
ALREADY_SEEN_IOU = 0.6


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that was found.

    Attributes:
        box: x, y, width, height in pixels, inside the picture; square before it was cut there.
            From the middle of the forehead to the chin, as FER2013's pictures are framed.
        score: How sure, above 0 to 1.
        source: What proposed it: the cascade of whole faces, or a pair of eyes.
    """

    box: Box
    score: float
    source: Source


@dataclass(frozen=True, slots=True)
class _Found:
    candidates: list[Candidate] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


class HaarFaceDetector:
    """Finds faces in gray pictures. May be used by several threads at a time."""

    def __init__(
        self,
        min_score: float = 0.5,
        sizes: SearchSizes | None = None,
        cascade_folder: Path | None = None,
    ) -> None:
        """Load the cascades.

        Args:
            min_score: Lowest score of a face that is returned, 0 to 1.
            sizes: Of pictures and windows in the searches.
            cascade_folder: Where the cascade files are; None: those that OpenCV ships.

        Raises:
            SetupError: A cascade file is missing or damaged.
        """
        self._min_score = min_score
        self._sizes = sizes or SearchSizes()
        self._cascades = CascadesOfThread(
            {**PROPOSING_CASCADES, **VERIFICATION_CASCADES}, cascade_folder
        )

    def detect(self, gray: NDArray[np.uint8]) -> list[Detection]:
        """Return the faces of a picture, highest score first.

        Args:
            gray: uint8 H×W, values 0 to 255.

        Raises:
            InvalidInputError: Not a gray picture of 8 bits.
        """
        if gray.ndim != 2 or gray.dtype != np.uint8 or not gray.size:
            raise InvalidInputError(
                f"expected a gray picture, uint8 H×W, got {gray.dtype} of shape {gray.shape}: "
                "convert it first"
            )
        detail = scale_picture(gray, self._sizes.detail_side, max_scale=1.0)
        candidates, scores = self._search(detail.pixels)
        kept = suppress(boxes_of(candidates), scores)
        cascades = self._cascades.get()
        framed = [frame_face(detail.pixels, candidates[index], cascades) for index in kept]
        boxes = boxes_of(framed)
        detections = []
        # Two that were apart may have turned out to be the same face.
        for index in suppress(boxes, scores[kept]):
            box = clip_box(boxes[index] / detail.scale, gray.shape[1], gray.shape[0])
            if box is not None:
                score, source = float(scores[kept[index]]), framed[index].source
                detections.append(Detection(box, score, source))
        return detections

    def _search(self, gray: NDArray[np.uint8]) -> tuple[list[Candidate], FloatArray]:
        cascades, sizes = self._cascades.get(), self._sizes
        found = _Found()
        self._verify(gray, propose_by_face(gray, cascades, sizes), found)
        sure = max(found.scores, default=0.0) > SURE_SCORE
        pairs = propose_by_eyes(gray, cascades, sizes, beside_faces=sure)
        self._verify(gray, pairs, found)
        return found.candidates, np.array(found.scores)

    def _verify(self, gray: NDArray[np.uint8], proposed: list[Candidate], found: _Found) -> None:
        for candidate in proposed:
            # Squares around a face that is already sure need no look of their own.
            sure = boxes_of(
                [
                    one
                    for one, score in zip(found.candidates, found.scores, strict=True)
                    if score > SURE_SCORE
                ]
            )
            if (iou_matrix(candidate.box()[None], sure) > ALREADY_SEEN_IOU).any():
                continue
            score = score_evidence(gather_evidence(gray, candidate, self._cascades.get()))
            if score >= self._min_score:
                found.candidates.append(candidate)
                found.scores.append(score)
