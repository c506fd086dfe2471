"""The place for the one frame of a browser that waits for its turn."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from maskmesh.clients.web.messages import FrameMessage


@dataclass(frozen=True, slots=True)
class WaitingFrame:
    """A frame, and since when it waits, by `time.perf_counter`."""

    frame: FrameMessage
    since: float

    @property
    def waited_ms(self) -> float:
        """For how long it has waited, in milliseconds."""
        return (time.perf_counter() - self.since) * 1000.0


class NewestFrame:
    """Holds at most one frame: a newer one takes its place, so that waiting adds no delay.

    `maskmesh.clients.streaming.slot` does the same between threads.
    """

    def __init__(self) -> None:
        self._waiting: WaitingFrame | None = None
        self._there = asyncio.Event()

    def put(self, frame: FrameMessage) -> FrameMessage | None:
        """Let a frame wait; return the one whose place it takes."""
        before = self._waiting
        self._waiting = WaitingFrame(frame, time.perf_counter())
        self._there.set()
        return before.frame if before else None

    async def until_there(self) -> None:
        """Return when a frame waits."""
        await self._there.wait()

    def take(self) -> WaitingFrame:
        """Take the frame that waits.

        Raises:
            LookupError: None does.
        """
        if self._waiting is None:
            raise LookupError("no frame waits")
        frame, self._waiting = self._waiting, None
        self._there.clear()
        return frame

    def discard_video(self) -> FrameMessage | None:
        """Give up a video's frame that waits, and return it; a picture goes on waiting."""
        if self._waiting is None or not self._waiting.frame.is_video:
            return None
        return self.take().frame
