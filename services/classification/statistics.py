"""What each version of a model has done since the service started: counts and times that grow."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from maskmesh.services.classification.repository import ModelFile


@dataclass(slots=True)
class Duration:
    """How often something was done, and how long it took altogether, in nanoseconds."""

    count: int = 0
    ns: int = 0

    def add(self, seconds: float, count: int = 1) -> None:
        """Count something that was done `count` times and took so many seconds altogether."""
        self.count += count
        self.ns += int(seconds * 1e9)


@dataclass(slots=True)
class VersionStatistics:
    """What one version of a model has done.

    Attributes:
        success: Requests answered, from arrival to answer.
        fail: Requests that failed in the model, or were refused, when they came or
            when their turn came.
        cancel: Requests that their callers gave up before they were answered.
        queue: Requests run, from arrival to the start of their batch.
        join: Requests run: the joining of their batch.
        compute: Requests run: the model's time for their batch.
        batches: Runs by their number of faces: the model's time.
        faces: Faces answered.
        last_run_ms: When the last batch ended, in milliseconds since 1970; 0: never.
    """

    success: Duration = field(default_factory=Duration)
    fail: Duration = field(default_factory=Duration)
    cancel: Duration = field(default_factory=Duration)
    queue: Duration = field(default_factory=Duration)
    join: Duration = field(default_factory=Duration)
    compute: Duration = field(default_factory=Duration)
    batches: dict[int, Duration] = field(default_factory=dict)
    faces: int = 0
    last_run_ms: int = 0

    @property
    def runs(self) -> int:
        """How often the model was run."""
        return sum(batch.count for batch in self.batches.values())

    def ran(self, requests: int, faces: int, join_s: float, compute_s: float) -> None:
        """Count a run of the model."""
        self.join.add(join_s * requests, requests)
        self.compute.add(compute_s * requests, requests)
        self.batches.setdefault(faces, Duration()).add(compute_s)
        self.faces += faces
        self.last_run_ms = time.time_ns() // 1_000_000


class ServingStatistics:
    """What all versions have done; used from one thread, that of the event loop."""

    def __init__(self) -> None:
        # Of a version's files, however often it was overwritten, the numbers go on.
        self._versions: dict[tuple[str, str], tuple[ModelFile, VersionStatistics]] = {}

    def of(self, model: ModelFile) -> VersionStatistics:
        """Return the numbers of a version, to be read or added to."""
        key = (model.name, model.version)
        found = self._versions.get(key)
        if found is None:
            found = self._versions[key] = (model, VersionStatistics())
        return found[1]

    def all(self) -> list[tuple[ModelFile, VersionStatistics]]:
        """Return the numbers of all versions, in the order in which they were first served."""
        return list(self._versions.values())
