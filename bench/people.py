"""People cut out of the project's test photos, to be drawn into clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import Box
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.pictures import read_picture

# x, y, width, height from mid-forehead to chin, drawn by hand.
FACES: dict[str, Box] = {
    "astronaut": (171, 58, 108, 120),
    "obama": (188, 50, 182, 190),
    "biden": (222, 98, 178, 200),
}

Gray = NDArray[np.uint8]
Place = tuple[float, float, float]
"""x and y of a face's middle, and its side, in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody cut out of a photo.

    Attributes:
        name: Who it is.
        pixels: uint8 H×W, the photo.
        alpha: float32 H×W, 0 to 1: what of the photo is the person.
        face: x and y of the middle and side of the face, in pixels of the photo.
    """

    name: str
    pixels: Gray
    alpha: NDArray[np.float32]
    face: Place


def load_people(photos: Path, masked: bool = False) -> Mapping[str, Person]:
    """Cut the people out of the project's test photos.

    Args:
        photos: Folder of the photos.
        masked: Whether to put a drawn mask on everybody.
    """
    people = {}
    for name, (x, y, width, height) in FACES.items():
        gray = read_picture(photos / f"{name}.jpg", "L")
        if masked:
            gray = _masked(gray, (x, y, width, height))
        face = (x + width / 2, y + height / 2, (width + height) / 2)
        people[name] = Person(name, gray, _outline(gray.shape, face), face)
    return people


def _masked(gray: Gray, box: Box) -> Gray:
    masked = MaskSynthesizer().apply(
        gray, style="surgical", colour="white", pattern="plain", box=box
    )
    return masked.image


def draw_person(canvas: NDArray[np.float32], person: Person, place: Place) -> None:
    """Draw somebody over a picture, float32 H×W of values 0 to 255, with the face in its place."""
    alpha = silhouette(person, place, canvas.shape)
    pixels = _placed(person.pixels.astype(np.float32), person, place, canvas.shape)
    canvas *= 1.0 - alpha
    canvas += alpha * pixels


def silhouette(person: Person, place: Place, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return what of a picture somebody covers: float32 of its shape H×W, 0 to 1."""
    return _placed(person.alpha, person, place, shape)


def _placed(
    picture: NDArray[np.float32], person: Person, place: Place, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    x, y, side = person.face
    scale = place[2] / side
    matrix = np.array([[scale, 0.0, place[0] - scale * x], [0.0, scale, place[1] - scale * y]])
    if scale < 1:
        # Linear interpolation alone would skip pixels.
        picture = cv2.GaussianBlur(picture, (0, 0), 0.5 / scale)
    size = shape[1], shape[0]
    return np.asarray(cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR), np.float32)


def _outline(shape: tuple[int, ...], face: Place) -> NDArray[np.float32]:
    x, y, side = face
    mask = np.zeros(shape[:2], np.float32)
    head = (round(x), round(y - 0.12 * side)), (round(0.78 * side), round(1.0 * side))
    body = (round(x), round(y + 2.3 * side)), (round(1.5 * side), round(1.6 * side))
    for middle, axes in (head, body):
        cv2.ellipse(mask, middle, axes, 0, 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), 2.0)
    # Where the photo ends, so does the person.
    soft[-1] = soft[:, 0] = soft[:, -1] = 0.0
    return np.asarray(soft, np.float32)
