"""The line at the bottom of the terminal while a run goes on."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from maskmesh.clients.streaming.results import FrameResult, Outcome
from maskmesh.clients.streaming.statistics import STAGES

RECENT = 15


class StatusLine:
    """Frames, rate, times and delay of the last frames; a bar where the length is known."""

    def __init__(self, console: Console, total: int | None) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]} {task.fields[stages]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("stream", total=total, rate="", stages="")
        self._recent: deque[FrameResult] = deque(maxlen=RECENT)

    def update(self, outcome: Outcome, dropped: int) -> None:
        """Show one more outcome."""
        if isinstance(outcome, FrameResult):
            self._recent.append(outcome)
        task = self._progress.tasks[0]
        rate = f"{task.speed:.1f} frames/s" if task.speed else ""
        if dropped:
            rate += f", {dropped} dropped"
        self._progress.update(self._task, advance=1, rate=rate, stages=self._stages())

    def say(self, message: str) -> None:
        """Print a line above the status line."""
        self._progress.console.print(message, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def _stages(self) -> str:
        parts = []
        for name in STAGES:
            times = [getattr(result.times, name) for result in self._recent]
            measured = [value for value in times if value is not None]
            if measured:
                parts.append(f"{name} {sum(measured) / len(measured):.0f} ms")
        delays = [result.delay_ms for result in self._recent if result.delay_ms is not None]
        if delays:
            parts.append(f"delay {sum(delays) / len(delays):.0f} ms")
        return " · ".join(parts)
