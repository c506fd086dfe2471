"""A mesh without services: faces are bright squares, and their brightness is their expression."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import pytest

from maskmesh.clients.mesh.results import Expression, Face, FrameFaces, KnownMasks, MaskedFace
from maskmesh.clients.streaming.frames import Frame
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.services.runtime.expressions import EXPRESSIONS

BACKGROUND = 10


def expression_of_brightness(brightness: float) -> Expression:
    """Class k is certain for a brightness of about 36·k + 18; the mask is worn above 128."""
    index = min(6, int(brightness // 36))
    probabilities = tuple(0.94 if k == index else 0.01 for k in range(7))
    return Expression(EXPRESSIONS[index], probabilities, float(brightness > 128), "fake", "1")


def bright_squares(gray: np.ndarray) -> tuple[Face, ...]:
    """The connected areas that are brighter than the background, from left to right."""
    count, _, stats, _ = cv2.connectedComponentsWithStats((gray > BACKGROUND + 10).astype(np.uint8))
    boxes = sorted(tuple(int(v) for v in stats[i][:4]) for i in range(1, count))
    return tuple(Face(box, 1.0) for box in boxes)


@dataclass
class FakeMesh:
    """Implements the protocols of pipeline, masking and annotate.

    Attributes:
        log: What was called, in order.
        failures: Maps "receive" or "classify" to errors to raise at the next calls; None: answer.
        capture_times: When the frames sent were taken, in seconds.
        problems: Maps the mean brightness of a frame to the problem that it is answered with.
    """

    log: list[str] = field(default_factory=list)
    failures: dict[str, list[Exception | None]] = field(default_factory=dict)
    problem: Callable[[np.ndarray], str | None] = lambda gray: None
    classify_with: Callable[[float], Expression] = expression_of_brightness
    streams: int = 0
    capture_times: list[float | None] = field(default_factory=list)

    def fail_next(self, call: str) -> None:
        planned = self.failures.get(call)
        error = planned.pop(0) if planned else None
        if error is not None:
            raise error

    def open_location_stream(self) -> FakeStream:
        self.streams += 1
        return FakeStream(self)

    def locate(self, image: Any) -> list[Face]:
        self.fail_next("locate")
        return list(bright_squares(image))

    def classify(self, faces: Sequence[np.ndarray]) -> list[Expression]:
        self.log.append(f"classify {len(faces)}")
        self.fail_next("classify")
        assert all(face.shape == (48, 48) and face.dtype == np.uint8 for face in faces)
        return [self.classify_with(float(np.median(face))) for face in faces]

    def list_masks(self) -> KnownMasks:
        return KnownMasks(("surgical", "cloth"), ("white", "black"), ("plain",), ("proper",))

    def apply_mask(
        self, image: np.ndarray, box: Any, style: str, colour: str, seed: int
    ) -> MaskedFace:
        self.log.append(f"mask {style} {colour} {seed}")
        self.fail_next("mask")
        if style == "impossible":
            raise NoFaceError("the landmarks leave no area")
        x, y, width, height = box
        masked = image.copy()
        masked[y : y + height, x : x + width] = (200, 210, 220)
        empty = np.zeros((0, 2), np.float32)
        return MaskedFace(masked, empty, empty, 1.0, style, colour, "plain", "proper")


class FakeStream:
    """Numbers the faces of every frame from 1, from left to right."""

    def __init__(self, mesh: FakeMesh) -> None:
        self._mesh = mesh
        self._sent: deque[np.ndarray] = deque()
        self.closed = False

    def send(self, picture: np.ndarray, capture_time_s: float | None = None) -> None:
        assert not self.closed
        self._mesh.log.append("send")
        self._mesh.capture_times.append(capture_time_s)
        self._sent.append(picture)

    def receive(self) -> FrameFaces:
        assert self._sent, "nothing was sent"
        self._mesh.log.append("receive")
        self._mesh.fail_next("receive")
        gray = self._sent.popleft()
        problem = self._mesh.problem(gray)
        if problem is not None:
            return FrameFaces((), problem, 5.0)
        faces = bright_squares(gray)
        numbered = tuple(replace(face, track=i + 1) for i, face in enumerate(faces))
        return FrameFaces(numbered, None, 5.0)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def fake_mesh() -> FakeMesh:
    return FakeMesh()


@pytest.fixture
def picture() -> Callable[..., np.ndarray]:
    """Makes a dark B, G, R picture with squares (x, y, side, brightness)."""

    def make(*squares: tuple[int, int, int, int], size: tuple[int, int] = (160, 120)) -> np.ndarray:
        bgr = np.full((size[1], size[0], 3), BACKGROUND, np.uint8)
        for x, y, side, brightness in squares:
            bgr[y : y + side, x : x + side] = brightness
        return bgr

    return make


@pytest.fixture
def frame(picture: Callable[..., np.ndarray]) -> Callable[..., Frame]:
    """Makes a frame with one square of a brightness; 0 for none."""

    def make(index: int = 0, brightness: int = 90) -> Frame:
        squares = [(30, 20, 60, brightness)] if brightness else []
        return Frame("clip", index, index / 10, picture(*squares))

    return make


@pytest.fixture
def expression() -> Callable[..., Expression]:
    """Makes an expression with a label's probability and a mask probability."""

    def make(label: str = "happy", probability: float = 0.7, mask: float = 0.1) -> Expression:
        rest = (1.0 - probability) / 6
        values = tuple(probability if name == label else rest for name in EXPRESSIONS)
        return Expression(label, values, mask, "fake", "1")

    return make
