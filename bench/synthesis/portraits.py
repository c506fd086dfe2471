"""Photos of one face each, cut around it, with landmarks found once: what pictures are made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.services.runtime.errors import NoFaceError, NotFoundError
from maskmesh.services.runtime.pictures import PICTURE_SUFFIXES, read_picture

# Side of what is cut out, in sides of the face's box; the box ends at forehead and chin.
REACH = 1.6


@dataclass(frozen=True, slots=True)
class Portrait:
    """A face with its surroundings.

    Attributes:
        name: The file's name without its ending.
        picture: uint8 H×W×3 RGB.
        landmarks: float32 (68, 2): x, y in pixels of `picture`.
    """

    name: str
    picture: NDArray[np.uint8]
    landmarks: NDArray[np.float32]


def load_portraits(folder: Path) -> list[Portrait]:
    """Load the photos of a folder by name.

    Raises:
        NotFoundError: There is none.
        NoFaceError: In one of them no face is found.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    if not files:
        raise NotFoundError(f"no photos in {folder}: name a folder with some")
    detector, predictor = HaarFaceDetector(), LandmarkPredictor()
    return [_cut(path, detector, predictor) for path in files]


def _cut(path: Path, detector: HaarFaceDetector, predictor: LandmarkPredictor) -> Portrait:
    found = detector.detect(read_picture(path, "L"))
    if not found:
        raise NoFaceError(f"no face is found in {path}: take photos with one clear face each")
    photo = read_picture(path)
    box = found[0].box
    landmarks = predictor.predict(photo, box)
    x, y, width, height = box
    rows, columns = photo.shape[:2]
    side = min(round(REACH * max(width, height)), rows, columns)
    left = int(np.clip(x + width // 2 - side // 2, 0, columns - side))
    top = int(np.clip(y + height // 2 - side // 2, 0, rows - side))
    picture = np.ascontiguousarray(photo[top : top + side, left : left + side])
    return Portrait(path.stem, picture, landmarks - np.array([left, top], np.float32))
