"""Finds faces, masked or not, with OpenCV's Haar cascades and a second look by the eyes.

First look: a lenient cascade of frontal faces proposes squares, in a coarse picture for large faces
and in a finer one for small faces. Second look: eye cascades, and every two eyes that could be of
one face propose its square. Then each square is levelled, scaled to one size and shown to stricter
face cascades and to eye cascades, and a logistic score of what they say decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import Box, FloatArray, clip_box, iou_matrix
from maskmesh.services.face_location.candidates import Candidate, Source, boxes_of
from maskmesh.services.face_location.cascades import CascadeName, CascadesOfThread
from maskmesh.services.face_location.eyes import pair_eyes
from maskmesh.services.face_location.framing import frame_face
from maskmesh.services.face_location.patches import scale_picture
from maskmesh.services.face_location.sizes import SearchSizes
from maskmesh.services.face_location.suppression import suppress
from maskmesh.services.face_location.verification import (
    EYE_CASCADES,
    VERIFICATION_CASCADES,
    gather_evidence,
    score_evidence,
)
from maskmesh.services.runtime.errors import InvalidInputError

# Small windows are many, and most of them wrong: they have to pass more stages.
PROPOSING_CASCADES = {
    "propose large": CascadeName("frontalface_alt2", dropped=10),
    "propose small": CascadeName("frontalface_alt2", dropped=8),
}
SMALL_FACE_SUPPORT = 2
MAX_ENLARGEMENT = 4.0
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
        candidates, scores = self._verified(detail.pixels)
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

    def propose(self, gray: NDArray[np.uint8]) -> list[Candidate]:
        """Return squares that may be faces: many are not.

        Args:
            gray: uint8 H×W.
        """
        return self._propose_by_face(gray) + self._propose_by_eyes(gray)

    def score(self, gray: NDArray[np.uint8], candidate: Candidate) -> float:
        """Return how sure it is that a candidate is a face, 0 to 1.

        Args:
            gray: uint8 H×W, the picture that the candidate is of.
            candidate: From `propose`.
        """
        return score_evidence(gather_evidence(gray, candidate, self._cascades.get()))

    def _verified(self, gray: NDArray[np.uint8]) -> tuple[list[Candidate], FloatArray]:
        proposed = self.propose(gray)
        overlaps = iou_matrix(boxes_of(proposed), boxes_of(proposed))
        scores = np.zeros(len(proposed))
        for index, candidate in enumerate(proposed):
            # Squares around a face that is already sure need no look of their own.
            if not (overlaps[index] > ALREADY_SEEN_IOU)[scores > SURE_SCORE].any():
                scores[index] = self.score(gray, candidate)
        likely = np.flatnonzero(scores >= self._min_score)
        return [proposed[index] for index in likely], scores[likely]

    def _propose_by_face(self, gray: NDArray[np.uint8]) -> list[Candidate]:
        sizes = self._sizes
        cascades = self._cascades.get()
        coarse = scale_picture(gray, sizes.coarse_side, sizes.coarse_margin, MAX_ENLARGEMENT)
        windows = sizes.smallest_window, max(coarse.pixels.shape)
        boxes, _ = cascades["propose large"].search(coarse.pixels, windows)
        found = [coarse.to_original(boxes)]
        fine = scale_picture(gray, sizes.fine_side, max_scale=MAX_ENLARGEMENT)
        largest = sizes.smallest_window * fine.scale / coarse.scale
        if largest > sizes.smallest_window:
            windows = sizes.smallest_window, largest
            boxes, _ = cascades["propose small"].search(
                fine.pixels, windows, support=SMALL_FACE_SUPPORT
            )
            found.append(fine.to_original(boxes))
        return [
            Candidate(x + side / 2, y + side / 2, side)
            for x, y, side, _ in np.concatenate(found).tolist()
        ]

    def _propose_by_eyes(self, gray: NDArray[np.uint8]) -> list[Candidate]:
        sizes = self._sizes
        picture = scale_picture(gray, sizes.eyes_side, sizes.eyes_margin, MAX_ENLARGEMENT)
        found = [
            self._cascades.get()[name].search(picture.pixels, sizes.eye_windows)
            for name in EYE_CASCADES
        ]
        eyes = picture.to_original(np.concatenate([boxes for boxes, _ in found]))
        pairs = pair_eyes(eyes, np.concatenate([counts for _, counts in found]))
        support = np.array([pair.weaker_eye for pair in pairs])
        return [pairs[index] for index in suppress(boxes_of(pairs), support, max_iou=0.6)]
