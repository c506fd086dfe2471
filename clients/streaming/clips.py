"""Cameras, clips and network streams, read through OpenCV."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import cv2

from maskmesh.clients.streaming.frames import Entry, Frame
from maskmesh.clients.streaming.video_io import open_reader, quiet_opencv
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, UnavailableError

# Containers state their length a little off at times; fewer frames than this share is a cut clip.
COMPLETE_SHARE = 0.98


class CameraSource:
    """A camera or a network stream: frames come in their own time."""

    live = True
    total: int | None = None

    def __init__(self, name: str, capture: cv2.VideoCapture) -> None:
        self.name = name
        self.fps = _frame_rate(capture)
        self.note: str | None = None
        self._capture = capture

    def entries(self) -> Iterator[Entry]:
        """Yield frames until the camera gives no more."""
        start = time.monotonic()
        index = 0
        while True:
            with quiet_opencv():
                worked, bgr = self._capture.read()
            if not worked:
                break
            yield Frame(self.name, index, time.monotonic() - start, bgr)
            index += 1
        self.note = f"{self.name} gives no more frames, after {index}"

    def close(self) -> None:
        """Give the camera back."""
        self._capture.release()


class ClipSource:
    """A clip: every frame is read."""

    live = False

    def __init__(self, name: str, capture: cv2.VideoCapture) -> None:
        self.name = name
        self.fps = _frame_rate(capture)
        frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.total: int | None = frames if frames > 0 else None
        self.note: str | None = None
        self._capture = capture

    def entries(self) -> Iterator[Entry]:
        """Yield the clip's frames; one that is cut short ends early, with a note.

        Raises:
            InvalidInputError: Not even the first frame can be read.
        """
        index = 0
        while True:
            with quiet_opencv():
                worked, bgr = self._capture.read()
            if not worked:
                break
            yield Frame(self.name, index, self._time_of(index), bgr)
            index += 1
        if index == 0:
            raise InvalidInputError(f"{self.name} holds no frame that can be read: it is damaged")
        if self.total is not None and index < COMPLETE_SHARE * self.total - 1:
            self.note = (
                f"{self.name} ends at frame {index} of {self.total}: it is cut short or damaged"
            )

    def close(self) -> None:
        """Give the file back."""
        self._capture.release()

    def _time_of(self, index: int) -> float:
        told = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
        if told > 0 or index == 0 or not self.fps:
            return max(0.0, told)
        return index / self.fps


def open_camera(index: int) -> CameraSource:
    """Open the camera of that number.

    Raises:
        NotFoundError: There is none, or it is in use.
    """
    capture = open_reader(index)
    if capture is None:
        raise NotFoundError(
            f"no camera {index}: plug one in or close the program that uses it, "
            "or name a file with --source"
        )
    return CameraSource(f"camera {index}", capture)


def open_address(address: str) -> CameraSource | ClipSource:
    """Open an rtsp://, http:// or https:// address: a camera, or a clip if its length is known.

    Raises:
        UnavailableError: Nothing answers there, or what answers is no video.
    """
    capture = open_reader(address)
    name = without_password(address)
    if capture is None:
        raise UnavailableError(f"no video at {name}: check the address and the network")
    clip = ClipSource(name, capture)
    return clip if clip.total is not None else CameraSource(name, capture)


def without_password(address: str) -> str:
    """Return an address as it may stand in results and messages: user and password are left out."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def open_clip(path: Path, name: str) -> ClipSource:
    """Open a clip's file.

    Raises:
        InvalidInputError: It is no clip that OpenCV can read.
    """
    capture = open_reader(str(path))
    if capture is None:
        raise InvalidInputError(
            f"{name} is neither a picture nor a clip that can be read: it may be damaged or cut "
            "short, or of an unknown kind (MP4, WebM, AVI, MKV, MOV and GIF are known)"
        )
    return ClipSource(name, capture)


def _frame_rate(capture: cv2.VideoCapture) -> float | None:
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    # Cameras that don't know answer 0, -1 or 90,000 ticks.
    return fps if 0.1 <= fps <= 240 else None
