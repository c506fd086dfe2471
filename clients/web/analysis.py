"""The way of a browser's frame: decoded, located, masked if wanted, cropped, classified."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, TypeVarTuple

import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.mesh.pictures import Picture
from maskmesh.clients.mesh.results import Box, Expression, Face, FrameFaces, MaskedFace
from maskmesh.clients.streaming.crops import crop_faces, to_gray
from maskmesh.clients.streaming.lines import face_objects
from maskmesh.clients.streaming.mask_states import mask_words
from maskmesh.clients.streaming.masking import FrameMasker, MaskWish
from maskmesh.clients.streaming.results import SeenFace
from maskmesh.clients.streaming.smoothing import TrackSmoother
from maskmesh.clients.web.messages import FrameMessage
from maskmesh.clients.web.tracks import LastingTracks
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.pictures import (
    ColourMode,
    PictureLimits,
    decode_picture,
    encode_jpeg,
)

Given = TypeVarTuple("Given")
Result = TypeVar("Result")

JPEG_QUALITY = 85
MOST_PIXELS = 4_000_000
"""Width × height of a frame; the page sends smaller ones."""


class FaceStream(Protocol):
    """Follows the faces of one video: an AsyncLocationStream."""

    async def send(self, picture: Picture, capture_time_s: float | None = None) -> None:
        """Send the next frame, with when it was taken in seconds."""
        ...

    async def receive(self) -> FrameFaces:
        """Return the faces of the oldest frame that has no answer yet."""
        ...

    def close(self) -> None:
        """End the stream."""
        ...


class Mesh(Protocol):
    """What frames are sent to: an AsyncMeshClient."""

    async def locate(self, image: Picture) -> list[Face]:
        """Find the faces of one picture."""
        ...

    def open_location_stream(self) -> FaceStream:
        """Open a stream whose track ids start from 1."""
        ...

    async def classify(self, faces: Sequence[Picture]) -> list[Expression]:
        """Tell what 48×48 crops express, in order."""
        ...

    async def apply_mask(
        self, image: Picture, box: Box | None, style: str, colour: str, seed: int
    ) -> MaskedFace:
        """Put a mask on the face in the box."""
        ...


@dataclass(frozen=True, slots=True)
class Analysis:
    """What came of one frame.

    Attributes:
        size: Width and height of the frame in pixels.
        faces: Its faces.
        times: Milliseconds of each stage, by its name.
        note: What went wrong without spoiling the frame, in one line.
        masked: The frame with masks on, JPEG; None: none were asked for.
    """

    size: tuple[int, int]
    faces: tuple[SeenFace, ...]
    times: dict[str, float]
    note: str | None = None
    masked: bytes | None = None

    def answer(self, number: int) -> dict[str, Any]:
        """Return the message to the page about the frame of that id."""
        faces = face_objects(self.faces)
        for told, face in zip(faces, self.faces, strict=True):
            probability = face.expression.mask_probability
            told["mask_words"] = mask_words(face.mask_state, probability)
            told["mask_state"] = face.mask_state
        width, height = self.size
        return {
            "type": "answer",
            "id": number,
            "width": width,
            "height": height,
            "faces": faces,
            "times": {name: round(value, 2) for name, value in self.times.items()},
            "note": self.note,
        }


class FrameAnalyser:
    """Analyses the frames of one browser, one after the other.

    Args:
        mesh: What they are sent to.
        pool: Threads for the work on pixels.
        max_bytes: Size of an encoded frame, at most.
    """

    def __init__(self, mesh: Mesh, pool: Executor, max_bytes: int) -> None:
        self._mesh = mesh
        self._pool = pool
        self._limits = PictureLimits(max_bytes=max_bytes, max_pixels=MOST_PIXELS)
        self._smoother = TrackSmoother()
        self._tracks = LastingTracks()
        self._stream: FaceStream | None = None
        self.wish: MaskWish | None = None
        """Which masks to put on; None: none."""

    async def analyse(self, frame: FrameMessage) -> Analysis:
        """Analyse one frame.

        Raises:
            UnavailableError: A service of the mesh went away; go on after `start_video`.
            MaskmeshError: This frame cannot be used.
        """
        times: dict[str, float] = {}
        wish = self.wish
        with _timed(times, "decode"):
            pixels = await self._in_pool(decode_picture, frame.encoded, _mode(wish), self._limits)
        gray = pixels if pixels.ndim == 2 else await self._in_pool(_gray_of, pixels)
        with _timed(times, "locate"):
            faces = await self._faces(frame, gray)
        note, masked = None, None
        if wish is not None:
            with _timed(times, "mask"):
                gray, masked, note = await self._masked(pixels, faces, wish)
        expressions: list[Expression] = []
        if faces:
            with _timed(times, "classify"):
                # Cutting out takes some microseconds a face, less than the way to a thread.
                crops = crop_faces(gray, [face.box for face in faces])
                expressions = await self._mesh.classify(crops)
        seen = tuple(
            self._seen(face, expression, frame)
            for face, expression in zip(faces, expressions, strict=True)
        )
        return Analysis((gray.shape[1], gray.shape[0]), seen, times, note, masked)

    def start_video(self) -> None:
        """Follow the faces of the next frame as those of another video."""
        self.close()
        self._smoother.reset()
        self._tracks.begin_stream()

    def close(self) -> None:
        """End the stream to the mesh, if one is open."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    async def _faces(self, frame: FrameMessage, gray: NDArray[np.uint8]) -> tuple[Face, ...]:
        if not frame.is_video:
            return tuple(await self._mesh.locate(gray))
        if self._stream is None:
            self._stream = self._mesh.open_location_stream()
        await self._stream.send(gray, frame.time_s)
        located = await self._stream.receive()
        if located.problem is not None:
            raise InvalidInputError(located.problem)
        return tuple(self._tracks.of(face) for face in located.faces)

    async def _masked(
        self, rgb: NDArray[np.uint8], faces: tuple[Face, ...], wish: MaskWish
    ) -> tuple[NDArray[np.uint8], bytes, str | None]:
        masker = FrameMasker(_FromThread(self._mesh, asyncio.get_running_loop()), wish)

        def mask() -> tuple[NDArray[np.uint8], bytes, str | None]:
            bgr, note = masker.mask(rgb[:, :, ::-1], faces)
            masked = np.ascontiguousarray(bgr)
            return to_gray(masked), encode_jpeg(masked[:, :, ::-1], JPEG_QUALITY), note

        return await self._in_pool(mask)

    def _seen(self, face: Face, expression: Expression, frame: FrameMessage) -> SeenFace:
        if face.track is None:
            return SeenFace(face.box, expression)
        answer = self._smoother.smooth(face.track, frame.time_s, expression)
        return SeenFace(face.box, answer.expression, face.track, answer.mask_state)

    async def _in_pool(self, work: Callable[[*Given], Result], *arguments: *Given) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)


class _FromThread:
    """Lets a thread of the pool call the mesh, whose calls belong to the event loop."""

    def __init__(self, mesh: Mesh, loop: asyncio.AbstractEventLoop) -> None:
        self._mesh = mesh
        self._loop = loop

    def apply_mask(
        self, image: Picture, box: Box | None, style: str, colour: str, seed: int
    ) -> MaskedFace:
        call = self._mesh.apply_mask(image, box, style, colour, seed)
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()


def _mode(wish: MaskWish | None) -> ColourMode:
    # A JPEG's gray is there without its colours: decoding it alone takes half as long.
    return "L" if wish is None else "RGB"


def _gray_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return to_gray(np.ascontiguousarray(rgb[:, :, ::-1]))


@contextmanager
def _timed(times: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    times[stage] = (time.perf_counter() - started) * 1000.0
