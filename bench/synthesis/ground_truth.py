"""Photos with 68 landmarks that somebody marked: iBUG's .pts files and dlib's XML files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.landmarks import LANDMARK_COUNT
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import PICTURE_SUFFIXES, read_picture

PTS, XML = "pts", "xml"
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"


@dataclass(frozen=True, slots=True)
class MarkedFace:
    """A face in a photo, with landmarks.

    Attributes:
        name: The photo's file name.
        kind: "pts": marked by hand, mostly; "xml": in dlib's examples, by dlib's own predictor.
        picture: uint8 H×W×3 RGB.
        landmarks: float32 (68, 2): x, y in pixels.
    """

    name: str
    kind: str
    picture: NDArray[np.uint8]
    landmarks: NDArray[np.float32]


def load_marked(folder: Path) -> list[MarkedFace]:
    """Load all faces with 68 landmarks of a folder, in the order of their names.

    Raises:
        NotFoundError: There is none.
        InvalidInputError: A file is no such file.
    """
    faces = [*_from_pts(folder), *_from_xml(folder)]
    if not faces:
        raise NotFoundError(
            f"no photos with {LANDMARK_COUNT} landmarks in {folder}: name a folder with photos and "
            "their .pts files, or with dlib's *_with_face_landmarks.xml"
        )
    return faces


def _from_pts(folder: Path) -> Iterator[MarkedFace]:
    for file in sorted(folder.glob("*.pts")):
        found = re.search(r"\{(.*)\}", file.read_text(encoding="utf-8"), re.DOTALL)
        if found is None:
            raise InvalidInputError(f"{file} is no .pts file: it has no points in braces")
        numbers = re.findall(_NUMBER, found.group(1))
        # They count pixels from 1.
        points = np.array(numbers[: len(numbers) // 2 * 2], np.float32).reshape(-1, 2) - 1
        photos = [path for path in sorted(folder.glob(f"{file.stem}.*")) if _is_photo(path)]
        if len(points) == LANDMARK_COUNT and photos:
            yield MarkedFace(photos[0].name, PTS, read_picture(photos[0]), points)


def _from_xml(folder: Path) -> Iterator[MarkedFace]:
    for file in sorted(folder.glob("*.xml")):
        try:
            root = ElementTree.parse(file).getroot()  # noqa: S314 - a file that the user named
        except ElementTree.ParseError as error:
            raise InvalidInputError(f"{file} is no XML file: {error}") from error
        for image in root.iter("image"):
            path = folder / image.get("file", "")
            boxes = [list(box.iter("part")) for box in image.iter("box")]
            marked = [parts for parts in boxes if len(parts) == LANDMARK_COUNT]
            if marked and path.is_file():
                picture = read_picture(path)
                for parts in marked:
                    yield MarkedFace(path.name, XML, picture, _points(parts))


def _points(parts: list[ElementTree.Element]) -> NDArray[np.float32]:
    ordered = sorted(parts, key=lambda part: int(part.get("name", "0")))
    return np.array([(part.get("x"), part.get("y")) for part in ordered], dtype=np.float32)


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES
