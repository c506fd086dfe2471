"""Clips whose faces are known: people cut out of photos move before a background that is not plain.

Example:
    people = load_people(Path("tests/fixtures/faces"))
    clip = crossing(people["obama"], people["biden"])
    for number in range(clip.frames):
        clip.frame(number), clip.time_s(number), clip.truth(number)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.people import Gray, Person, Place, draw_person, silhouette
from maskmesh.services.face_location.boxes import FloatArray

WIDTH, HEIGHT, FPS = 640, 480, 30
NOISE = 2.0
"""Standard deviation of the noise of every frame, in gray levels."""
HIDDEN_SHARE = 0.35
"""Of a face that is hidden by more than this share, nobody expects that it is found."""

Path2D = Callable[[float], Place | None]
"""Where somebody's face is at a time in seconds; None while they are not there."""


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
            draw_person(canvas, person, place)
        canvas += _noise(number)
        picture = _to_gray(canvas)
        scale = self.scale(number)
        if scale == 1.0:
            return picture
        shrunk = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return np.asarray(shrunk, np.uint8)

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
                seen[silhouette(other, nearer, (height, width)) > 0.5] = 0
            visible = float(seen.sum()) / place[2] ** 2
            faces.append(TrueFace(person.name, _square(place) * scale, min(1.0, visible)))
        return faces

    def _present(self, number: int) -> list[tuple[Person, Place]]:
        placed = [(person, path(self.time_s(number))) for person, path in self.cast]
        return [(person, place) for person, place in placed if place is not None]


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
    return _to_gray(np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2)))


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


def _to_gray(canvas: NDArray[np.float32]) -> Gray:
    return np.asarray(cv2.convertScaleAbs(np.clip(canvas, 0, 255)), np.uint8)


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


def _square(place: Place) -> FloatArray:
    x, y, side = place
    return np.array([x - side / 2, y - side / 2, side, side])


def _fill(mask: Gray, place: Place, value: int) -> None:
    x, y, side, _ = np.rint(_square(place)).astype(int)
    mask[max(0, y) : max(0, y + side), max(0, x) : max(0, x + side)] = value
