"""Faces with and without masks: real ones as the mesh would cut them out, and synthetic ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from maskmesh.clients.streaming.crops import crop_face
from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.training.batches import TrainingFaces
from maskmesh.training.location.photos import Photo

LEAST_OVERLAP = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces, and which of them wear a mask.

    Attributes:
        images: uint8 [N, 48, 48].
        worn: bool [N].
    """

    images: NDArray[np.uint8]
    worn: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.worn)


def real_faces(photos: Sequence[Photo]) -> Faces:
    """Cut the known faces out of photos, in the boxes that face location gives them.

    A face that is not found is cut out as its known box has it.
    """
    detector = HaarFaceDetector()
    images: list[NDArray[np.uint8]] = []
    worn: list[bool] = []
    for photo in track(photos, "locating faces", transient=True):
        found = np.array([face.box for face in detector.detect(photo.gray)], np.float64)
        overlaps = iou_matrix(photo.faces, found.reshape(-1, 4))
        for known, covered, overlap in zip(photo.faces, photo.covered, overlaps, strict=True):
            is_found = len(overlap) and overlap.max() >= LEAST_OVERLAP
            x, y, width, height = np.rint(found[overlap.argmax()] if is_found else known)
            box = int(x), int(y), max(1, int(width)), max(1, int(height))
            images.append(crop_face(photo.gray, box))
            worn.append(bool(covered))
    return Faces(np.stack(images), np.array(worn, bool))


def synthetic_faces(faces: TrainingFaces, most: int, seed: int) -> Faces:
    """Return some training faces without a mask, and the same with one; at most `most` in all."""
    count = len(faces.labels)
    rows = np.random.default_rng(seed).permutation(count)[: max(1, most // 2)].tolist()
    masked = [faces.wardrobe.masked(row, 0) for row in rows]
    images = [*(faces.plain[row] for row in rows), *(image for image, _ in masked)]
    worn = [*(False for _ in rows), *(is_worn for _, is_worn in masked)]
    return Faces(np.stack(images), np.array(worn, bool))
