"""Faces whose expression and whose box are known, bare and with a mask drawn in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from maskmesh.bench.location.photos import Photo, ReferenceFace, load_photos
from maskmesh.clients.mesh.results import Box
from maskmesh.clients.streaming.crops import crop_face
from maskmesh.services.face_location.boxes import clip_box
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.errors import InvalidInputError, NoFaceError
from maskmesh.training.dataset import load_splits
from maskmesh.training.labels import CLASSES
from maskmesh.training.masking import mask_seed

# Crops are cut at whole pixels: so much larger, small faces can be shifted by a quarter of one.
FINENESS = 4

Gray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Framing:
    """How a crop lies to a face's reference box.

    Attributes:
        scale: Side of the crop, as a share of the box's side.
        dx: How far its middle lies to the right, as a share of the box's side.
        dy: How far its middle lies below, as a share of the box's side.
    """

    scale: float = 1.0
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face in its picture.

    Attributes:
        bare: uint8 H×W.
        masked: The same picture with a mask on the face; None where none could be put on.
        box: x, y, width, height in pixels, framed as FER2013 frames faces; may reach outside.
        label: Index into CLASSES.
    """

    bare: Gray
    masked: Gray | None
    box: tuple[float, float, float, float]
    label: int

    def crop(self, framing: Framing, masked: bool) -> Gray:
        """Cut the face out as the streaming client does, uint8 48×48.

        Raises:
            ValueError: A masked crop is wanted of a face without a mask.
        """
        picture = self.masked if masked else self.bare
        if picture is None:
            raise ValueError("this face has no masked picture: leave it out")
        return crop_face(picture, framed_box(self.box, framing), margin=0.0)


def framed_box(box: tuple[float, float, float, float], framing: Framing) -> Box:
    """Return the square that a framing makes of a box, in whole pixels."""
    x, y, width, height = box
    side = max(width, height)
    wanted = max(1, round(side * framing.scale))
    left = x + width / 2 + framing.dx * side - wanted / 2
    top = y + height / 2 + framing.dy * side - wanted / 2
    return round(left), round(top), wanted, wanted


def fer_faces(data: Path, split: str, limit: int | None, seed: int) -> list[Face]:
    """Return faces of a data set of crops, a seeded sample of at most `limit`.

    Raises:
        MaskmeshError: The data cannot be used, or mask synthesis is not installed.
    """
    faces = load_splits(data, [split])[split]
    order = np.random.default_rng(seed).permutation(len(faces))[:limit]
    synthesizer = MaskSynthesizer()
    found = []
    for row in track(np.sort(order), "masking faces", transient=True):
        image = faces.images[row]
        masked = _masked(image, synthesizer, mask_seed(seed, int(row), 0), None)
        side = float(image.shape[0] * FINENESS)
        enlarged = None if masked is None else _enlarged(masked)
        label = int(faces.labels[row])
        found.append(Face(_enlarged(image), enlarged, (0.0, 0.0, side, side), label))
    return found


def portrait_faces(data: Path, reference: Path, seed: int) -> list[Face]:
    """Return the largest face of each photo of `<class>/*`, by its reference box.

    Raises:
        MaskmeshError: Photos or reference cannot be used, or mask synthesis is not installed.
    """
    synthesizer = MaskSynthesizer()
    photos = load_photos(data, reference)
    found = []
    for number, photo in enumerate(track(photos, "masking portraits", transient=True)):
        faces = [face for face in photo.faces if not face.ignore and not face.covered]
        if faces:
            found.append(_portrait(photo, faces, synthesizer, mask_seed(seed, number, 0)))
    return found


def _portrait(
    photo: Photo, faces: Sequence[ReferenceFace], synthesizer: MaskSynthesizer, seed: int
) -> Face:
    folder = PurePosixPath(photo.name).parts[0]
    if folder not in CLASSES:
        raise InvalidInputError(
            f"{photo.name} lies in none of the folders {', '.join(CLASSES)}: sort photos by class"
        )
    gray = photo.gray()
    box = max(faces, key=lambda face: face.box[2]).box
    inside = clip_box(np.array(box), photo.width, photo.height)
    if inside is None:
        raise InvalidInputError(f"{photo.name}: its reference box lies outside, correct it")
    return Face(gray, _masked(gray, synthesizer, seed, inside), box, CLASSES.index(folder))


def _masked(image: Gray, synthesizer: MaskSynthesizer, seed: int, box: Box | None) -> Gray | None:
    try:
        return synthesizer.apply(image, style="surgical", seed=seed, box=box).image
    except NoFaceError:
        return None


def _enlarged(image: Gray) -> Gray:
    return image.repeat(FINENESS, axis=0).repeat(FINENESS, axis=1)
