"""Photos with the boxes of their faces: what location learns from besides FER2013's faces."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.location.photos import Photo as ReferencedPhoto
from maskmesh.bench.location.photos import ReferenceFace, load_shared_sets
from maskmesh.services.face_location.boxes import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A gray photo and the faces on it.

    Attributes:
        name: Path of the file in its set.
        gray: uint8 H×W.
        faces: float64 N×4, x, y, width, height in pixels, framed as FER2013 frames; may reach
            over the edge.
        covered: bool N, whether a mask is worn over the mouth.
        frontal: bool N, frontal to three-quarter.
        ignored: float64 M×4, what is neither clearly a face nor clearly none.
    """

    name: str
    gray: NDArray[np.uint8]
    faces: FloatArray
    covered: NDArray[np.bool_]
    frontal: NDArray[np.bool_]
    ignored: FloatArray

    @property
    def half(self) -> int:
        """0 or 1, by the file's name: for training on one half and judging on the other."""
        return zlib.crc32(self.name.encode()) & 1


def photos_with_faces(references: Path) -> list[Photo]:
    """Read the project's photo sets and the boxes of their faces.

    Args:
        references: Folder with a JSON file of boxes for each set.

    Raises:
        NotFoundError: A file is missing.
        InvalidInputError: A picture cannot be decoded, or the boxes are of other photos.
    """
    return [_photo(referenced) for referenced in load_shared_sets(references)]


def _photo(referenced: ReferencedPhoto) -> Photo:
    kept = [face for face in referenced.faces if not face.ignore]
    return Photo(
        name=referenced.name,
        gray=referenced.gray(),
        faces=_boxes(kept),
        covered=np.array([face.covered for face in kept], bool),
        frontal=np.array([face.pose == "frontal" for face in kept], bool),
        ignored=_boxes([face for face in referenced.faces if face.ignore]),
    )


def _boxes(faces: Sequence[ReferenceFace]) -> FloatArray:
    return np.array([face.box for face in faces], np.float64).reshape(-1, 4)
