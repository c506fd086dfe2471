"""The time of a stream, made of what its frames say, which may be nothing or nonsense."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

USUAL_FRAME_S = 1.0 / 30.0
LONGEST_GAP_S = 60.0
"""After a longer gap, nothing of what was known holds anyway."""


@dataclass(frozen=True, slots=True)
class Tick:
    """When a frame was taken.

    Attributes:
        now_s: Seconds of the stream's own time, which only goes forwards, from 0.
        elapsed_s: Seconds since the frame before; 0 for the first.
        jumped: Whether the frame says to be older than the one before, or just as old.
    """

    now_s: float
    elapsed_s: float
    jumped: bool


class StreamClock:
    """Turns the capture times of frames into a time that only goes forwards.

    A frame without a capture time is taken as one thirtieth of a second younger than the one
    before, or as much as was waited for it where that is longer: so a clip that is sent as fast as
    it can be followed runs at its usual speed, and a slow camera at its own.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start at 0.

        Args:
            monotonic: Seconds from any origin, never going back.
        """
        self._monotonic = monotonic
        self._now_s = 0.0
        self._started = False
        self._capture_time_s: float | None = None
        self._idle_since_s = 0.0

    def tick(self, capture_time_s: float | None) -> Tick:
        """Take the next frame's time.

        Args:
            capture_time_s: When it was taken, in seconds from any origin; None: not known.
        """
        before, self._capture_time_s = self._capture_time_s, capture_time_s
        if not self._started:
            self._started = True
            return Tick(0.0, 0.0, jumped=False)
        jumped = False
        if before is not None and capture_time_s is not None:
            elapsed_s = capture_time_s - before
            jumped = elapsed_s <= 0
        else:
            elapsed_s = max(USUAL_FRAME_S, self._monotonic() - self._idle_since_s)
        if jumped:
            elapsed_s = USUAL_FRAME_S
        elapsed_s = min(elapsed_s, LONGEST_GAP_S)
        self._now_s += elapsed_s
        return Tick(self._now_s, elapsed_s, jumped)

    def rest(self) -> None:
        """Tell that the frame is done, and that the next one is waited for from now on."""
        self._idle_since_s = self._monotonic()
