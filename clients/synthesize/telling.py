"""What a run tells its user: how it goes, that it was stopped, what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Task as Bar
from rich.text import Text

from maskmesh.clients.streaming.stopping import StopOnSignal
from maskmesh.clients.synthesize.lines import SKIPPED, WRITTEN
from maskmesh.clients.synthesize.reports import MANIFEST
from maskmesh.clients.synthesize.workplace import Workplace
from maskmesh.clients.wording import counted
from maskmesh.services.runtime.errors import NoFaceError


def notices() -> Console:
    """Return the console for what is not the result."""
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def stoppable(console: Console, workplace: Workplace, total: int) -> Iterator[None]:
    """Say what is done already, and on Ctrl-C or SIGTERM at once that it stops, and then where.

    Args:
        console: Gets it.
        workplace: Of the run.
        total: How many pictures it has.

    Raises:
        KeyboardInterrupt: It was stopped; the text tells how far it came.
    """
    if workplace.done:
        console.print(f"going on: {_share(workplace, total)} done already")

    def stop() -> None:
        console.print("stopping …")
        raise KeyboardInterrupt

    try:
        with StopOnSignal(stop):
            yield
    except KeyboardInterrupt:
        done = f"{_share(workplace, total)} done; give the same command to go on"
        raise KeyboardInterrupt(
            f"stopped: {done if workplace.done else 'nothing was done yet'}"
        ) from None


def tell(source: Path, destination: Path, summary: Mapping[str, Any], is_new: bool) -> None:
    """Tell what a finished run came to.

    Args:
        source: Of the run.
        destination: Of the run.
        summary: Its summary.
        is_new: Whether it came to its end just now.

    Raises:
        NoFaceError: No face got a mask.
    """
    masked, skipped = (summary["faces"].get(status, 0) for status in (WRITTEN, SKIPPED))
    counts = f"{counted(masked, 'face')} masked, {skipped:,} skipped"
    reasons = [f"  {count:,} × {reason}" for reason, count in summary["reasons"].items()]
    if is_new:
        lines = [f"{destination}: {counts}", *reasons, f"every face has a line in {MANIFEST}"]
    else:
        lines = [f"{destination}: already complete, nothing to do ({counts})", *reasons]
    Console(highlight=False, markup=False, soft_wrap=True).print("\n".join(lines))
    if not masked:
        most = next(iter(summary["reasons"]), "there is none")
        raise NoFaceError(
            f"no face of {source} got a mask, mostly for this reason: {most}; the {MANIFEST} of "
            f"{destination} tells of every picture, and another run may replace it"
        )


class _Rate(ProgressColumn):
    """Pictures a second."""

    def render(self, task: Bar) -> Text:
        """Show the rate, once there is one."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} pictures/s")


def progress_bar(console: Console) -> Progress:
    """Return a bar that shows how pictures are done, on terminals only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _share(workplace: Workplace, total: int) -> str:
    return f"{len(workplace.done):,} of {counted(total, 'picture')}"
