"""Clips whose faces are known: people cut out of photos move before a background that is not plain.

people = load_people(Path("tests/fixtures/faces"))
clip = crossing(people["obama"], people["biden"])
for number in range(clip.frames):
clip.frame(number), clip.time_s(number), clip.truth(number)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import Box, FloatArray
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.pictures import read_picture

WIDTH, HEIGHT, FPS = 640, 480, 30
NOISE = 2.0
"""Standard deviation of the noise of every frame, in gray levels."""
HIDDEN_SHARE = 0.35
"""Of a face that is hidden by more than this share, nobody expects that it is found."""

# x, y, width, height from mid-forehead to chin, drawn by hand.
FACES: dict[str, Box] = {
    "astronaut": (171, 58, 108, 120),
    "obama": (188, 50, 182, 190),
    "biden": (222, 98, 178, 200),
}

Gray = NDArray[np.uint8]
Place = tuple[float, float, float]
"""x and y of a face's middle, and its side, in pixels."""
Path2D = Callable[[float], Place | None]
"""Where somebody's face is at a time in seconds; None while they are not there."""


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


@dataclass(frozen=True, slots=True)
class TrueFace:
    """A face that is in a frame.

    Attributes:
        name: Whose it is.
        square: float64, x, y, side, side in pixels; may reach over the frame's edge.
        visible: Share of it that is inside the frame and not hidden by somebody, 0 to 1.
    """

    name: str
    square: FloatArray
    visible: float

    @property
    def expected(self) -> bool:
        """Whether enough of it is to be seen for it to be found."""
        return self.visible >= 1.0 - HIDDEN_SHARE


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip that is drawn frame by frame; the same number always gives the same frame.

    Attributes:
        name: What happens in it.
        cast: Who is in it and where they move, the foremost last.
        frames: How many frames it has.
        background: uint8 H×W.
        fps: Frames a second.
        scale: Of the frame numbered so, against the background's size.
    """

    name: str
    cast: tuple[tuple[Person, Path2D], ...]
    frames: int
    background: Gray
    fps: float = FPS
    scale: Callable[[int], float] = field(default=lambda _: 1.0)

    def time_s(self, number: int) -> float:
        """Return when a frame is taken, in seconds from 0."""
        return number / self.fps

    def frame(self, number: int) -> Gray:
        """Draw a frame, uint8 H×W."""
        canvas = self.background.astype(np.float32)
        for person, place in self._present(number):
            _draw(canvas, person, place)
        canvas += _noise(number)
        picture = cv2.convertScaleAbs(np.clip(canvas, 0, 255))
        scale = self.scale(number)
        if scale == 1.0:
            return picture
        return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)

    def truth(self, number: int) -> list[TrueFace]:
        """Return the faces of a frame, the hindmost first."""
        height, width = self.background.shape
        scale = self.scale(number)
        present = self._present(number)
        faces = []
        for index, (person, place) in enumerate(present):
            seen = np.zeros((height, width), np.uint8)
            _fill(seen, place, 1)
            for other, nearer in present[index + 1 :]:
                seen[_silhouette(other, nearer, (height, width)) > 0.5] = 0
            visible = float(seen.sum()) / place[2] ** 2
            faces.append(TrueFace(person.name, _square(place) * scale, min(1.0, visible)))
        return faces

    def _present(self, number: int) -> list[tuple[Person, Place]]:
        placed = [(person, path(self.time_s(number))) for person, path in self.cast]
        return [(person, place) for person, place in placed if place is not None]


def load_people(photos: Path, masked: bool = False) -> Mapping[str, Person]:
    """Cut the people out of the project's test photos.

    Args:
        photos: Folder of the photos.
        masked: Whether to put a drawn mask on everybody.
    """
    people = {}
    for seed, (name, (x, y, width, height)) in enumerate(FACES.items()):
        gray = read_picture(photos / f"{name}.jpg", "L")
        if masked:
            box = (x, y, width, height)
            gray = MaskSynthesizer().apply(gray, seed=seed, box=box).image
        face = (x + width / 2, y + height / 2, (width + height) / 2)
        people[name] = Person(name, gray, _outline(gray.shape, face), face)
    return people


def room(seed: int = 0) -> Gray:
    """Draw a background that is not plain: light, texture, edges. uint8 HEIGHT×WIDTH."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH), 110.0, np.float32)
    for cells, strength in ((4, 30.0), (16, 14.0), (80, 8.0)):
        coarse = rng.normal(0.0, strength, (cells * 3 // 4, cells)).astype(np.float32)
        picture += cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    for _ in range(14):
        x, y = int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT))
        corner = x + int(rng.integers(20, 140)), y + int(rng.integers(20, 140))
        cv2.rectangle(picture, (x, y), corner, float(rng.uniform(40, 210)), -1)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 1.2), 0, 255).astype(np.uint8)


def moving(person: Person, seconds: float = 8.0) -> Clip:
    """Somebody sits, leans, nods quickly and comes nearer."""

    def path(time_s: float) -> Place:
        sway, nod = math.sin(1.3 * time_s), math.sin(7.0 * time_s) * (time_s % 4.0 > 3.0)
        side = 120.0 * math.exp(0.25 * math.sin(0.8 * time_s))
        return 320.0 + 90.0 * sway, 230.0 + 25.0 * nod, side

    return Clip("one person", ((person, path),), round(seconds * FPS), room(1))


def crossing(front: Person, back: Person, seconds: float = 8.0, side: float = 110.0) -> Clip:
    """Two people walk past each other and back; one hides the other wholly each time."""

    def across(start: float, way: float) -> Path2D:
        def path(time_s: float) -> Place:
            share = 0.5 - 0.5 * math.cos(2.0 * math.pi * time_s / seconds)
            return start + way * share, 210.0 + 4.0 * math.sin(9.0 * time_s), side

        return path

    cast = ((back, across(540.0, -440.0)), (front, across(100.0, 440.0)))
    return Clip("two crossing", cast, round(seconds * FPS), room(2))


@lru_cache
def _noise_field() -> NDArray[np.float32]:
    field = np.random.default_rng(0).normal(0.0, NOISE, (HEIGHT + 61, WIDTH + 61))
    return field.astype(np.float32)


def _noise(number: int) -> NDArray[np.float32]:
    # One field, cut elsewhere for each frame, is as good as fresh noise, and quick.
    down, across = (number * 17) % 61, (number * 41) % 61
    return _noise_field()[down : down + HEIGHT, across : across + WIDTH]


def entering(first: Person, second: Person, seconds: float = 8.0) -> Clip:
    """Somebody walks in from the side, somebody else turns up suddenly; both leave again."""

    def walking(time_s: float) -> Place | None:
        x = -80.0 + 130.0 * min(time_s, seconds - time_s)
        return (x, 240.0, 100.0) if x > -80.0 else None

    def turning_up(time_s: float) -> Place | None:
        return (520.0, 200.0, 80.0) if 1.05 < time_s < seconds - 1.5 else None

    cast = ((second, turning_up), (first, walking))
    return Clip("two enter and leave", cast, round(seconds * FPS), room(3))


def _draw(canvas: NDArray[np.float32], person: Person, place: Place) -> None:
    alpha = _silhouette(person, place, canvas.shape)
    pixels = _placed(person.pixels.astype(np.float32), person, place, canvas.shape)
    canvas *= 1.0 - alpha
    canvas += alpha * pixels


def _silhouette(person: Person, place: Place, shape: tuple[int, ...]) -> NDArray[np.float32]:
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


def _square(place: Place) -> FloatArray:
    x, y, side = place
    return np.array([x - side / 2, y - side / 2, side, side])


def _fill(mask: Gray, place: Place, value: int) -> None:
    x, y, side, _ = np.rint(_square(place)).astype(int)
    mask[max(0, y) : max(0, y + side), max(0, x) : max(0, x + side)] = value
