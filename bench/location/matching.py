"""Which boxes found which faces, in one photo.

Greedy, as in Pascal VOC: boxes in the order of their scores, each takes the face that it overlaps
most among those not yet taken, if IoU ≥ 0.4. What a better box took is therefore the same at every
threshold of the score, and one matching serves the whole precision–recall curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.location.photos import clip_boxes
from maskmesh.services.face_location.boxes import FloatArray, iou_matrix

FOUND_IOU = 0.4
FALSE_IOU = 0.25


class Outcome(IntEnum):
    """What became of a box.

    FOUND: took a face. DUPLICATE: IoU ≥ 0.4 only with faces that better boxes took.
    LOOSE: the best IoU with any face is 0.25 to 0.4. FALSE: below 0.25 with every face.
    """

    FOUND = 0
    DUPLICATE = 1
    LOOSE = 2
    FALSE = 3


@dataclass(frozen=True, slots=True)
class Matching:
    """The boxes of one photo, best score first.

    Attributes:
        scores: float64 N.
        outcomes: int64 N, of `Outcome`.
        faces: int64 N, index of the face that the box took, else of the one it overlaps most;
            -1 for FALSE.
        ious: float64 N, IoU with that face; 0 for FALSE.
    """

    scores: FloatArray
    outcomes: NDArray[np.int64]
    faces: NDArray[np.int64]
    ious: FloatArray


def match(
    boxes: FloatArray,
    scores: FloatArray,
    faces: FloatArray,
    size: tuple[int, int],
    found_iou: float = FOUND_IOU,
) -> Matching:
    """Match the boxes of a photo with its faces; both are cut to the picture.

    Args:
        boxes: float64 N×4, x, y, width, height in pixels.
        scores: float64 N, higher is surer; among equal ones the first comes first.
        faces: float64 M×4, the reference boxes, ignored faces too.
        size: Width and height of the photo, in pixels.
        found_iou: Lowest IoU with a face that a box may take.
    """
    order = np.argsort(-scores, kind="stable")
    overlaps = iou_matrix(clip_boxes(boxes[order], *size), clip_boxes(faces, *size))
    taken = np.zeros(len(faces), bool)
    rows = []
    for overlap in overlaps:
        outcome, face = _match_one(overlap, taken, found_iou)
        if outcome is Outcome.FOUND:
            taken[face] = True
        rows.append((outcome, face, overlap[face] if face >= 0 else 0.0))
    table = np.array(rows, np.float64).reshape(-1, 3)
    return Matching(
        scores[order], table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2]
    )


def _match_one(
    overlap: FloatArray, taken: NDArray[np.bool_], found_iou: float
) -> tuple[Outcome, int]:
    if not overlap.size:
        return Outcome.FALSE, -1
    free = int(np.argmax(np.where(taken, -1.0, overlap)))
    if not taken[free] and overlap[free] >= found_iou:
        return Outcome.FOUND, free
    nearest = int(np.argmax(overlap))
    if overlap[nearest] >= found_iou:
        return Outcome.DUPLICATE, nearest
    if overlap[nearest] >= FALSE_IOU:
        return Outcome.LOOSE, nearest
    return Outcome.FALSE, -1
