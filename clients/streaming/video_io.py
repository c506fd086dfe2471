"""OpenCV's video readers and writers, opened quietly: failures are told by us, in one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# FFmpeg prints its own lines about broken clips and missing encoders; it reads this once, when the
# first clip is opened.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2

OPEN_TIMEOUT_MS = 10_000
READ_TIMEOUT_MS = 10_000
# In the order of preference. avc1 (H.264) plays everywhere, but the opencv-python-headless wheels
# for Linux bring no encoder for it.
CODECS = {".mp4": ("avc1", "mp4v"), ".webm": ("VP80",), ".avi": ("MJPG",), ".mkv": ("avc1", "mp4v")}


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keep OpenCV from writing to standard error within the block."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def open_reader(source: int | str) -> cv2.VideoCapture | None:
    """Open a camera by number, or a clip or address by name; None if that fails."""
    with quiet_opencv():
        if isinstance(source, int):
            capture = cv2.VideoCapture(source)
        else:
            limits = [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                OPEN_TIMEOUT_MS,
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                READ_TIMEOUT_MS,
            ]
            capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
    return capture if capture.isOpened() else None


def open_writer(path: Path, fps: float, size: tuple[int, int]) -> cv2.VideoWriter | None:
    """Open a clip for writing by its suffix, one of CODECS; None if no encoder works.

    Args:
        path: The clip's file.
        fps: Frames a second.
        size: Width and height in pixels.
    """
    with quiet_opencv():
        for codec in CODECS[path.suffix.lower()]:
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, size)
            if writer.isOpened():
                return writer
    return None
