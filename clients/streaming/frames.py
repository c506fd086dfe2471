"""What a source of pictures yields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source.

    Attributes:
        file: Where it comes from: the clip as it was named, or the picture's path in its folder.
        index: Number of the frame in its source, from 0.
        time_s: Seconds since the source's first frame.
        bgr: uint8 H×W×3 in B, G, R order, as OpenCV reads it; not to be changed.
        taken_at: When a live source gave it, by `time.perf_counter`; None: the source is not live.
    """

    file: str
    index: int
    time_s: float
    bgr: NDArray[np.uint8]
    taken_at: float | None = None


@dataclass(frozen=True, slots=True)
class FrameProblem:
    """One picture of a source that could not be read; the source goes on.

    Attributes:
        file: As in Frame.
        index: As in Frame.
        time_s: As in Frame.
        message: What is wrong, in one line.
    """

    file: str
    index: int
    time_s: float
    message: str


Entry = Frame | FrameProblem


class Source(Protocol):
    """Where frames come from.

    Attributes:
        name: As the user named it.
        live: Whether frames come whether or not anybody takes them (a camera), so that late ones
            are dropped; otherwise every frame is taken.
        fps: Frames a second, where known.
        total: How many entries there will be, where known.
        note: What is worth telling about how the source ended; None if it ended as it should.
    """

    name: str
    live: bool
    fps: float | None
    total: int | None
    note: str | None

    def entries(self) -> Iterator[Entry]:
        """Yield what the source holds, once.

        Raises:
            MaskmeshError: Nothing more can be read.
        """
        ...

    def stop(self) -> None:
        """Let `entries` end soon, even while it waits; called from another thread."""
        ...

    def close(self) -> None:
        """Give the camera or file back."""
        ...
