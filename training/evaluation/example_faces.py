"""Faces to show, each without and with a mask: one of each class, or those of photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.classification.preparation import scale_face
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.runtime.errors import NoFaceError, NotFoundError
from maskmesh.services.runtime.pictures import PICTURE_SUFFIXES, read_picture
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.evaluation.dressing import DressedFaces
from maskmesh.training.labels import CLASSES, FACE_SIZE
from maskmesh.training.masking import mask_seed, synthesizer


@dataclass(frozen=True, slots=True)
class Examples:
    """Faces to show.

    Attributes:
        titles: What each is called.
        plain: uint8 [N, 48, 48], without masks.
        masked: uint8 [N, 48, 48], the same with masks.
        classes: int64 [N], their labels; None where they have none.
    """

    titles: tuple[str, ...]
    plain: NDArray[np.uint8]
    masked: NDArray[np.uint8]
    classes: NDArray[np.int64] | None


def one_of_each_class(
    faces: LabelledFaces,
    dressed: DressedFaces,
    plain: NDArray[np.float32],
    masked: NDArray[np.float32],
) -> Examples:
    """Choose one face of each class that the network tells rightly without and with its mask.

    Of these it is the one of middling probability, not the one that shows the network best. Where
    none is right both times it is the middling one of those that are right once, or of all.

    Args:
        faces: The faces to choose from.
        dressed: The same faces with masks; those that wear none are not chosen.
        plain: float32 [N, 7], what the network says of the bare faces.
        masked: float32 [N, 7], what it says of the masked ones.

    Raises:
        NotFoundError: No face could be dressed.
    """
    rows = np.arange(len(faces))
    own = plain[rows, faces.labels] + masked[rows, faces.labels]
    right = sum((said.argmax(axis=1) == faces.labels).astype(int) for said in (plain, masked))
    chosen = []
    for index in range(len(CLASSES)):
        there = np.flatnonzero((faces.labels == index) & dressed.worn)
        if len(there):
            best = there[right[there] == right[there].max()]
            chosen.append(best[np.argsort(own[best], kind="stable")[len(best) // 2]])
    if not chosen:
        raise NotFoundError("no mask could be put on any of the faces: take others")
    return Examples(
        tuple(CLASSES[label] for label in faces.labels[chosen]),
        faces.images[chosen],
        dressed.images[chosen],
        faces.labels[chosen],
    )


def faces_of_photos(folder: Path, style: str, seed: int) -> Examples:
    """Take the surest face of each photo; the mask is put on the photo, as if it were worn there.

    Args:
        folder: Folder of photos.
        style: Style of the masks.
        seed: Seed of the masks.

    Raises:
        NotFoundError: There are no photos.
        NoFaceError: One of them shows no face, or one that no mask can be put on.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    if not files:
        raise NotFoundError(f"no photos in {folder}: name a folder with some")
    detector = HaarFaceDetector()
    plain, masked = [], []
    for row, file in enumerate(files):
        photo = read_picture(file, "L")
        found = detector.detect(photo)
        if not found:
            raise NoFaceError(f"no face is found in {file}: take it out, or one that shows a face")
        box = found[0].box
        worn = synthesizer().apply(photo, style=style, seed=mask_seed(seed, row, 0), box=box)
        plain.append(_cut(photo, box))
        masked.append(_cut(worn.image, box))
    return Examples(tuple(file.stem for file in files), np.stack(plain), np.stack(masked), None)


def _cut(photo: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    x, y, width, height = box
    return scale_face(photo[y : y + height, x : x + width], FACE_SIZE)
