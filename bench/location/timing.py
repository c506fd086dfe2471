"""Processor time of a frame: all detectors in turn on the same picture, so that drift hits all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.location.found import Search
from maskmesh.bench.location.photos import Photo

FRAME_WIDTH, FRAME_HEIGHT = 640, 480


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Processor milliseconds of each frame, one thread."""

    milliseconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the frames."""
        return float(np.median(self.milliseconds))

    @property
    def slow(self) -> float:
        """The 95th percentile over the frames."""
        return float(np.percentile(self.milliseconds, 95))


def time_frames(
    searches: Mapping[str, Search],
    photos: Sequence[Photo],
    advance: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, FrameTimes]:
    """Time detectors, each as it is usually called, on photos made into frames of 640×480.

    Args:
        searches: Detectors by name.
        photos: One frame each; must not be empty.
        advance: Called after every frame, e.g. to show progress.
        clock: Returns the seconds of all of this process's threads.

    Raises:
        InvalidInputError: A photo cannot be read.
    """
    names = list(searches)
    times: dict[str, list[float]] = {name: [] for name in names}
    warm_up = as_frame(photos[0].gray())
    for search in searches.values():
        search(warm_up)
    for index, photo in enumerate(photos):
        frame = as_frame(photo.gray())
        first = index % len(names)
        for name in names[first:] + names[:first]:
            started = clock()
            searches[name](frame)
            times[name].append(1000.0 * (clock() - started))
        advance()
    return {name: FrameTimes(tuple(values)) for name, values in times.items()}


def as_frame(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale a picture to fit 640×480, in the middle; the rest repeats its edges.

    Args:
        gray: uint8 H×W.

    Returns:
        uint8 480×640.
    """
    height, width = gray.shape
    scale = min(FRAME_WIDTH / width, FRAME_HEIGHT / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(gray, size, interpolation=method)
    left, top = (FRAME_WIDTH - size[0]) // 2, (FRAME_HEIGHT - size[1]) // 2
    right, bottom = FRAME_WIDTH - size[0] - left, FRAME_HEIGHT - size[1] - top
    frame = cv2.copyMakeBorder(scaled, top, bottom, left, right, cv2.BORDER_REPLICATE)
    return np.asarray(frame, np.uint8)
