"""Counts and times of a run: only what was measured."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.results import Outcome
from maskmesh.clients.wording import counted

STAGES = ("locate", "mask", "classify")


@dataclass(slots=True)
class RunStatistics:
    """What happened in a run so far.

    Attributes:
        frames: Frames that were answered.
        problems: Frames that could not be used.
        frames_with_faces: Frames in which at least one face was found.
        faces: Faces found, over all frames.
        labels: How often each label was given.
        stage_ms: For each stage, how long it took in each frame that needed it, in milliseconds.
        delays_ms: The delay of each frame of a live source, in milliseconds.
        notes: How often something went wrong without spoiling the frame.
    """

    frames: int = 0
    problems: int = 0
    frames_with_faces: int = 0
    faces: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    stage_ms: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in STAGES})
    delays_ms: list[float] = field(default_factory=list)
    notes: int = 0
    _first_at: float = 0.0
    _last_at: float = 0.0

    def start(self) -> None:
        """Begin to measure time."""
        self._first_at = self._last_at = time.perf_counter()

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self._last_at = time.perf_counter()
        if isinstance(outcome, FrameProblem):
            self.problems += 1
            return
        self.frames += 1
        self.frames_with_faces += bool(outcome.faces)
        self.faces += len(outcome.faces)
        self.notes += outcome.note is not None
        if outcome.delay_ms is not None:
            self.delays_ms.append(outcome.delay_ms)
        self.labels.update(face.expression.label for face in outcome.faces)
        for name in STAGES:
            milliseconds = getattr(outcome.times, name)
            if milliseconds is not None:
                self.stage_ms[name].append(milliseconds)

    @property
    def seconds(self) -> float:
        """From the start to the last outcome."""
        return self._last_at - self._first_at

    @property
    def fps(self) -> float:
        """Frames a second over the whole run; 0 before the first."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    def stage_medians(self) -> dict[str, float]:
        """The median milliseconds of each stage that was called at all."""
        return {name: median(times) for name, times in self.stage_ms.items() if times}

    def summary(self) -> str:
        """One line for people."""
        parts = [
            counted(self.frames, "frame"),
            counted(self.faces, "face"),
            f"{self.fps:.1f} frames/s",
        ]
        parts += [f"{name} {value:.1f} ms" for name, value in self.stage_medians().items()]
        if self.delays_ms:
            parts.append(f"delay {median(self.delays_ms):.1f} ms")
        if self.problems:
            parts.append(f"{counted(self.problems, 'frame')} could not be used")
        if self.notes:
            parts.append(f"in {counted(self.notes, 'frame')} a mask could not be put on")
        return ", ".join(parts)
