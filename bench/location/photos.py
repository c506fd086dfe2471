"""Photos with reference boxes: a zip or a folder, and a JSON file that says where faces are."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from maskmesh.clients.inputs import PictureInput, PictureInputs
from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import decode_picture
from maskmesh.training.data_home import DATA_VARIABLE, data_home

SHARED_SETS = ("mask_worn_real", "portraits_350px")
REFERENCE_FOLDER = Path(__file__).resolve().parent.parent / "reference"
HEADLINE_SIDE = 40
_NAMED_IN_ERRORS = 3

Pose = Literal["frontal", "profile"]


class ReferenceFace(BaseModel):
    """Where a face is, and of what kind.

    Attributes:
        box: x, y, width, height in pixels, framed as FER2013 frames faces; may reach outside.
        pose: "frontal" up to three-quarter views, else "profile".
        covered: Whether a mask, or whatever else, hides mouth and nose.
        ignore: Neither finding nor missing it counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    box: tuple[float, float, float, float]
    pose: Pose
    covered: bool
    ignore: bool = False

    @property
    def is_headline(self) -> bool:
        """Whether it counts in the headline: frontal to three-quarter, of 40 pixels or more."""
        return self.pose == "frontal" and max(self.box[2:]) >= HEADLINE_SIDE and not self.ignore


class _PhotoReference(BaseModel):
    model_config = ConfigDict(extra="forbid")

    width: int = Field(gt=0)
    height: int = Field(gt=0)
    faces: tuple[ReferenceFace, ...]


_REFERENCE_FILE = TypeAdapter(dict[str, _PhotoReference])


@dataclass(frozen=True, slots=True)
class Photo:
    """An encoded photo and its faces.

    Attributes:
        name: As the reference names it.
        data: The encoded picture.
        width: In pixels.
        height: In pixels.
        faces: The reference faces.
    """

    name: str
    data: bytes
    width: int
    height: int
    faces: tuple[ReferenceFace, ...]

    @property
    def crc(self) -> str:
        """Checksum of the encoded picture, 8 hexadecimal digits."""
        return f"{zlib.crc32(self.data):08x}"

    @property
    def is_masked(self) -> bool:
        """Whether any face in it is covered; ignored ones decide only where all are ignored."""
        counted = [face for face in self.faces if not face.ignore] or self.faces
        return any(face.covered for face in counted)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    def boxes(self) -> FloatArray:
        """Return the boxes of all faces, cut to the picture, float64 N×4."""
        boxes = np.array([face.box for face in self.faces], np.float64).reshape(-1, 4)
        return clip_boxes(boxes, *self.size)

    def gray(self) -> NDArray[np.uint8]:
        """Decode the picture to gray, uint8 H×W.

        Raises:
            InvalidInputError: It cannot be decoded, or has another size than the reference says.
        """
        try:
            pixels = decode_picture(self.data, "L")
        except InvalidInputError as error:
            raise InvalidInputError(f"{self.name}: {error}") from error
        if pixels.shape != (self.height, self.width):
            raise InvalidInputError(
                f"{self.name} has {pixels.shape[1]}×{pixels.shape[0]} pixels, its reference says "
                f"{self.width}×{self.height}: take the reference that was made for these photos"
            )
        return pixels


def clip_boxes(boxes: FloatArray, width: int, height: int) -> FloatArray:
    """Cut boxes, float64 N×4, to a picture; one that lies outside keeps no area."""
    starts = np.clip(boxes[:, :2], 0.0, (width, height))
    ends = np.clip(boxes[:, :2] + boxes[:, 2:], 0.0, (width, height))
    return np.hstack([starts, np.maximum(ends - starts, 0.0)])


def load_photos(source: Path, reference: Path) -> list[Photo]:
    """Read the photos of a zip or a folder that a reference file names, in its order.

    Args:
        source: Zip file or folder with pictures.
        reference: JSON file {"<path inside source>": {"width", "height", "faces": [{"box":
            [x, y, w, h], "pose": "frontal"|"profile", "covered": bool, "ignore": bool}]}}.

    Raises:
        NotFoundError: Nothing at one of the paths.
        InvalidInputError: A file of another format, or a reference made for other photos.
    """
    references = _read_reference(reference)
    with PictureInputs(source) as inputs:
        there = {picture.file: picture for picture in inputs.pictures}
        absent = [name for name in references if name not in there]
        if absent:
            raise InvalidInputError(
                f"{reference.name} names {len(absent)} photos that {source} lacks, such as "
                f"{', '.join(absent[:_NAMED_IN_ERRORS])}: pass the photos that it was made for"
            )
        return [_read_photo(there[name], entry) for name, entry in references.items()]


def load_shared_sets(reference_folder: Path = REFERENCE_FOLDER) -> list[Photo]:
    """Read the project's photo sets from the data folder.

    Raises:
        NotFoundError: There is no data folder, or a set or its reference is missing.
    """
    home = data_home()
    if home is None:
        raise NotFoundError(
            "no data folder found: set "
            f"{DATA_VARIABLE} to the folder that holds {' and '.join(SHARED_SETS)} (.zip), "
            "or pass --data ZIP_OR_DIR --reference JSON"
        )
    photos = []
    for name in SHARED_SETS:
        archive = home / f"{name}.zip"
        if not archive.exists():
            raise NotFoundError(
                f"{home} holds no {archive.name}: put it there, "
                "or pass --data ZIP_OR_DIR --reference JSON"
            )
        photos += load_photos(archive, reference_folder / f"{name}.json")
    return photos


def sample_photos(photos: list[Photo], limit: int | None, seed: int = 7) -> list[Photo]:
    """Return a seeded sample of at most `limit` photos, in their order; None takes all."""
    if limit is None or limit >= len(photos):
        return photos
    chosen = sorted(random.Random(seed).sample(range(len(photos)), limit))
    return [photos[index] for index in chosen]


def _read_photo(picture: PictureInput, entry: _PhotoReference) -> Photo:
    try:
        data = picture.read()
    except InvalidInputError as error:
        raise InvalidInputError(f"{picture.file}: {error}") from error
    return Photo(picture.file, data, entry.width, entry.height, entry.faces)


def _read_reference(file: Path) -> dict[str, _PhotoReference]:
    if not file.is_file():
        raise NotFoundError(f"no reference boxes at {file}: pass --reference JSON")
    try:
        references = _REFERENCE_FILE.validate_json(file.read_bytes())
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        where = "/".join(str(part) for part in detail["loc"]) or "the file"
        raise InvalidInputError(
            f"{file} is no file of reference boxes, {where}: {detail['msg']}; see "
            "maskmesh.bench.location.photos for the format"
        ) from error
    if not references:
        raise InvalidInputError(f"{file} names no photos: pass a reference that does")
    return references
