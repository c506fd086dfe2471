"""The queue of the batcher: for each version, the requests that wait for it, in order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.classification.classifier import Classified

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Times:
    """When a batch was begun, joined and run, by `time.monotonic`."""

    started: float
    joined: float
    ended: float


class Waiting:
    """A request that waits: compared and found by identity.

    Attributes:
        faces: uint8 N × side × side × 1.
        deadline: When the answer must be there, by `time.monotonic`; None: whenever.
        arrived: When it came.
        answer: Where the answer goes, with the times of its batch.
    """

    __slots__ = ("answer", "arrived", "deadline", "faces")

    def __init__(
        self,
        faces: NDArray[np.uint8],
        deadline: float | None,
        arrived: float,
        answer: asyncio.Future[tuple[Classified, Times]],
    ) -> None:
        self.faces, self.deadline, self.arrived, self.answer = faces, deadline, arrived, answer

    @property
    def latest(self) -> float:
        """The deadline, or infinity."""
        return float("inf") if self.deadline is None else self.deadline


class Lanes(Generic[Key]):
    """A lane of waiting requests for each version; lanes without requests are forgotten."""

    def __init__(self) -> None:
        # Dictionaries as ordered sets, so that any request can be taken out at once.
        self._lanes: dict[Key, dict[Waiting, None]] = {}
        self._faces: dict[Key, int] = {}

    def __len__(self) -> int:
        """How many requests wait."""
        return sum(len(lane) for lane in self._lanes.values())

    def __bool__(self) -> bool:
        """Whether any request waits."""
        return bool(self._lanes)

    def add(self, key: Key, waiting: Waiting) -> None:
        """Put a request at the end of a lane."""
        self._lanes.setdefault(key, {})[waiting] = None
        self._faces[key] = self._faces.get(key, 0) + len(waiting.faces)

    def remove(self, key: Key, waiting: Waiting) -> None:
        """Take a request out, if it still waits."""
        lane = self._lanes.get(key)
        if lane is None or waiting not in lane:
            return
        del lane[waiting]
        self._faces[key] -= len(waiting.faces)
        if not lane:
            del self._lanes[key], self._faces[key]

    def next(self) -> tuple[Key, float]:
        """Return the lane whose first request came first, and when that was.

        Raises:
            ValueError: No request waits.
        """
        key = min(self._lanes, key=self._arrived)
        return key, self._arrived(key)

    def faces(self, key: Key) -> int:
        """How many faces wait in a lane."""
        return self._faces.get(key, 0)

    def of(self, key: Key) -> list[Waiting]:
        """The requests of a lane, in order."""
        return list(self._lanes.get(key, ()))

    def _arrived(self, key: Key) -> float:
        return next(iter(self._lanes[key])).arrived
