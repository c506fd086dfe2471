"""Cameras, clips and network streams, read through OpenCV."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.streaming.frames import Entry, Frame
from maskmesh.clients.streaming.video_io import open_reader, quiet_opencv
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, UnavailableError

# Containers state their length a little off at times; fewer frames than this share is a cut clip.
COMPLETE_SHARE = 0.98
DEFAULT_PATIENCE_S = 15.0
BETWEEN_TRIES_S = 0.5

Reopen = Callable[[], "cv2.VideoCapture | None"]


class CameraSource:
    """A camera or a network stream: frames come in their own time, and it may go and come back."""

    live = True
    total: int | None = None

    def __init__(self, name: str, capture: cv2.VideoCapture, reopen: Reopen, patience_s: float):
        """Take over an opened camera.

        Args:
            name: As it may stand in results and messages.
            capture: The camera.
            reopen: Opens it again; None if that fails.
            patience_s: How long to try that after it gave no more frames, in seconds; 0: the
                source then ends, with a note.
        """
        self.name = name
        self.fps = _frame_rate(capture)
        self.note: str | None = None
        self.tell: Callable[[str], None] = _to_nobody
        """Told, from the reading thread, when the camera goes and when it is back."""
        self._capture = capture
        self._reopen = reopen
        self._patience_s = patience_s
        self._stopped = threading.Event()

    def entries(self) -> Iterator[Entry]:
        """Yield frames, also after the camera was away for a while, until `stop`.

        Raises:
            UnavailableError: It was away for longer than there is patience.
        """
        start = time.monotonic()
        index = 0
        bgr = self._read()
        while not self._stopped.is_set():
            if bgr is None:
                if not self._patience_s:
                    self.note = f"{self.name} gives no more frames, after {index}"
                    return
                bgr = self._wait_until_back(index)
                continue
            yield Frame(self.name, index, time.monotonic() - start, bgr, time.perf_counter())
            index += 1
            bgr = self._read()

    def stop(self) -> None:
        """Let `entries` end, also while it waits for the camera."""
        self._stopped.set()

    def close(self) -> None:
        """Give the camera back."""
        self._capture.release()

    def _read(self) -> NDArray[np.uint8] | None:
        with quiet_opencv():
            worked, bgr = self._capture.read()
        return bgr if worked else None

    def _wait_until_back(self, index: int) -> NDArray[np.uint8] | None:
        """Return the first frame after the camera is back; None: stopped before."""
        self.tell(
            f"{self.name} gives no more frames; trying again for up to {self._patience_s:g} s"
        )
        self._capture.release()
        give_up_at = time.monotonic() + self._patience_s
        while not self._stopped.wait(BETWEEN_TRIES_S):
            capture = self._reopen()
            if capture is not None:
                self._capture = capture
                if (bgr := self._read()) is not None:
                    self.tell(f"{self.name} is back")
                    return bgr
                capture.release()
            if time.monotonic() >= give_up_at:
                raise UnavailableError(
                    f"{self.name} gave no more frames after {index}, and is not back after "
                    f"{self._patience_s:g} s: check the camera and its line, or wait longer with "
                    "--source-reconnect-s"
                )
        return None


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

    def stop(self) -> None:
        """Nothing here waits for longer than the system lets it."""

    def close(self) -> None:
        """Give the file back."""
        self._capture.release()

    def _time_of(self, index: int) -> float:
        told = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
        if told > 0 or index == 0 or not self.fps:
            return max(0.0, told)
        return index / self.fps


def open_camera(index: int, patience_s: float = DEFAULT_PATIENCE_S) -> CameraSource:
    """Open the camera of that number; `patience_s` as of CameraSource.

    Raises:
        NotFoundError: There is none, or it is in use.
    """
    capture = open_reader(index)
    if capture is None:
        raise NotFoundError(
            f"no camera {index}: plug one in or close the program that uses it, "
            "or name a file with --source"
        )
    return CameraSource(f"camera {index}", capture, partial(open_reader, index), patience_s)


def open_address(address: str, patience_s: float = DEFAULT_PATIENCE_S) -> CameraSource | ClipSource:
    """Open an rtsp://, http:// or https:// address: a camera, or a clip if its length is known.

    Args:
        address: With user and password, if it needs them.
        patience_s: As of CameraSource.

    Raises:
        UnavailableError: Nothing answers there, or what answers is no video.
    """
    capture = open_reader(address)
    name = without_password(address)
    if capture is None:
        raise UnavailableError(f"no video at {name}: check the address and the network")
    clip = ClipSource(name, capture)
    if clip.total is not None:
        return clip
    return CameraSource(name, capture, partial(open_reader, address), patience_s)


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


def open_piped() -> ClipSource:
    """Open a video that another program pipes into standard input; every frame is taken.

    FFmpeg reads it: MPEG-TS, Matroska, WebM, AVI, pictures in JPEG one after the other (MJPEG), and
    MP4 whose index comes first.

    Raises:
        InvalidInputError: Nothing is piped in, or it is no such video.
    """
    if sys.stdin.isatty():
        raise InvalidInputError("--source - reads a video from standard input: pipe one in")
    capture = open_reader("pipe:0")
    if capture is None:
        raise InvalidInputError(
            "standard input holds no video that can be read while it comes in: pipe in MPEG-TS, "
            "Matroska, WebM, MJPEG, or MP4 with its index first (ffmpeg -movflags +faststart)"
        )
    return ClipSource("standard input", capture)


def _to_nobody(message: str) -> None:
    """Take a message when nobody listens."""


def _frame_rate(capture: cv2.VideoCapture) -> float | None:
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    # Cameras that don't know answer 0, -1 or 90,000 ticks.
    return fps if 0.1 <= fps <= 240 else None
