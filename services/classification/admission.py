"""Which requests are let in: there is a place for each of their faces, and time to answer."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType

from maskmesh.services.runtime.errors import (
    DeadlineError,
    InvalidInputError,
    OverloadedError,
    UnavailableError,
)
from maskmesh.services.runtime.observing import metrics

_NEWEST_SHARE = 0.1
_FADING = 0.9
# By the mean alone, half of those that are let in on the last place would be run for nothing.
_MARGIN = 1.5
_SHORTEST_RETRY_S = 0.01


class Admission:
    """Lets requests in, by places for faces and by a running mean of the time that a face takes.

    Belongs to one event loop. Deadlines are by `time.monotonic`: uvloop's own clock counts whole
    milliseconds, and a face takes half of one.

    Args:
        places: Most faces that may be in the service at once: decoded, waiting or run.
        workers: How many of them are worked on at a time.
    """

    def __init__(self, places: int, workers: int) -> None:
        self._places, self._workers = places, workers
        self._taken = 0
        self._closed = False
        self._empty = asyncio.Event()
        self.seconds_per_face = 0.0

    @property
    def taken(self) -> int:
        """Faces that are in the service now."""
        return self._taken

    def admit(self, faces: int, deadline: float | None) -> Place:
        """Let a request in until the end of its `with` block; see `DynamicBatcher.admit`."""
        if faces < 1:
            raise InvalidInputError("no face was given: send at least one")
        if self._closed:
            raise UnavailableError("the service is being stopped: try again, elsewhere or later")
        wait_s = self._taken * self.seconds_per_face / self._workers
        # What has more faces than there are places is taken when it is alone.
        if self._taken and self._taken + faces > self._places:
            raise OverloadedError(
                f"{self._taken} faces are in the service, {faces} more would be over its limit of "
                f"{self._places}: try again later",
                retry_after_s=max(wait_s, _SHORTEST_RETRY_S),
            )
        self.check_time(faces, deadline, wait_s)
        return Place(self, faces)

    def check_time(self, faces: int, deadline: float | None, wait_s: float = 0.0) -> None:
        """Return if faces can be answered by a deadline when they are begun in `wait_s` seconds.

        Raises:
            DeadlineError: They can't.
        """
        if deadline is None:
            return
        needed_s = _MARGIN * (wait_s + faces * self.seconds_per_face)
        left_s = deadline - time.monotonic()
        if left_s > 0 and needed_s <= left_s:
            return
        # One slow batch must not shut callers out for good: what is refused is not measured.
        self.seconds_per_face *= _FADING
        metrics.count_refusal("deadline")
        raise DeadlineError(
            f"the answer may take {needed_s * 1000:.0f} ms, and the deadline is in "
            f"{max(0.0, left_s) * 1000:.0f} ms: give more time, or send fewer faces"
        )

    def measured(self, seconds: float, faces: int) -> None:
        """Take the time that a batch took into the mean."""
        pace = seconds / faces
        before = self.seconds_per_face or pace
        self.seconds_per_face = before + _NEWEST_SHARE * (pace - before)

    async def close(self) -> None:
        """Let nothing in any more, and return when all that was let in has left."""
        self._closed = True
        if self._taken:
            self._empty.clear()
            await self._empty.wait()

    def take(self, faces: int) -> None:
        """Take places, or give them back where `faces` is negative; for `Place`."""
        self._taken += faces
        if not self._taken:
            self._empty.set()


class Place:
    """The places of one request's faces, taken until the end of the `with` block."""

    __slots__ = ("_admission", "_faces")

    def __init__(self, admission: Admission, faces: int) -> None:
        self._admission, self._faces = admission, faces

    def __enter__(self) -> None:
        self._admission.take(self._faces)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._admission.take(-self._faces)
