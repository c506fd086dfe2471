"""Writes annotated frames as a clip."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.closing import ClosedAtEnd
from maskmesh.clients.streaming.video_io import CODECS, open_writer
from maskmesh.services.runtime.errors import InvalidInputError, SetupError

DEFAULT_FPS = 25.0
LONGEST_HELD_S = 0.5
LONGEST_SIDE = 3840


class VideoSink(ClosedAtEnd):
    """A clip that is written frame by frame, and finished however the run ends.

    The first frame decides the clip's size; others are scaled to fit, with black borders.
    """

    def __init__(self, path: Path, fps: float | None, keep_time: bool) -> None:
        """Prepare to write; the file appears with the first frame.

        Args:
            path: The clip: .mp4, .webm, .mkv or .avi.
            fps: Frames a second; None: 25.
            keep_time: Whether frames come at odd times, as from a camera, so that some must be
                repeated or left out for the clip to run at the speed of life.

        Raises:
            InvalidInputError: The suffix is none of the known ones.
        """
        if path.suffix.lower() not in CODECS:
            raise InvalidInputError(
                f"{path} is no clip that can be written: use one of {', '.join(CODECS)}"
            )
        self._path = path
        self._fps = fps or DEFAULT_FPS
        self._keep_time = keep_time
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._first_time_s = 0.0
        self._written = 0

    @property
    def written(self) -> int:
        """How many frames the clip has so far."""
        return self._written

    def write(
        self, bgr: NDArray[np.uint8], time_s: float, plain: NDArray[np.uint8] | None = None
    ) -> None:
        """Add a frame.

        Args:
            bgr: uint8 H×W×3 in B, G, R order.
            time_s: When it was taken, in seconds.
            plain: The same without anything drawn: fills the time before it, where nothing came
                for long, so that no box stands where nobody looked. None: `bgr` does.

        Raises:
            SetupError: The file cannot be written.
        """
        if self._writer is None:
            self._writer = self._open(bgr)
            self._first_time_s = time_s
        copies = 1
        if self._keep_time:
            position = round((time_s - self._first_time_s) * self._fps)
            copies = max(0, position + 1 - self._written)
        fitted = fit_into(bgr, self._size) if copies else bgr
        is_long = plain is not None and copies > LONGEST_HELD_S * self._fps
        held = fit_into(plain, self._size) if is_long and plain is not None else fitted
        for _ in range(copies - 1):
            self._writer.write(held)
        if copies:
            self._writer.write(fitted)
        self._written += copies

    def close(self) -> None:
        """Finish the clip, so that players can open it."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def _open(self, bgr: NDArray[np.uint8]) -> cv2.VideoWriter:
        height, width = bgr.shape[:2]
        shrink = min(1.0, LONGEST_SIDE / max(width, height))
        # Encoders want even sides.
        self._size = (_even(width * shrink), _even(height * shrink))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("wb"):
                pass
        except OSError as error:
            raise SetupError(
                f"cannot write {self._path} ({error.strerror}): name another file with --output"
            ) from error
        writer = open_writer(self._path, self._fps, self._size)
        if writer is None:
            raise SetupError(
                f"no encoder here writes {self._path.suffix} at {self._size[0]}×{self._size[1]}: "
                f"use another of {', '.join(CODECS)}"
            )
        return writer


def fit_into(bgr: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Scale a picture to fit a size in the middle of black; unchanged if it has that size.

    Args:
        bgr: uint8 H×W×3.
        size: Width and height in pixels.
    """
    height, width = bgr.shape[:2]
    if (width, height) == size:
        return bgr
    scale = min(size[0] / width, size[1] / height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        bgr, inner, interpolation=interpolation
    )
    return canvas


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)
