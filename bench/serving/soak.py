"""Memory and open files of a service over a long time under load, by Linux's /proc."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maskmesh.bench.serving.figures import Figure, Goal, figure
from maskmesh.bench.serving.load import Target, closed_loop
from maskmesh.bench.synthesis.memory import resident_megabytes
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.event_loop import run_in_loop

PART = "soak"
_CALLERS = 8
# Of the time, what counts as the start: pools and caches fill.
_START = 0.25
_LOOKS = 40
_GROWTH_GOAL = Goal(2.0, at_least=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What a process held at one moment: resident MB, and open files."""

    at_s: float
    megabytes: float
    files: int


def measure(target: Target, pid: int, minutes: float) -> list[Figure]:
    """Load a service, in bouts of new connections, and look at its process after each.

    Raises:
        SetupError: There is no /proc here.
        RuntimeError: A call failed.
    """
    looks = watch(target, pid, minutes * 60)
    later = looks[int(len(looks) * _START) :]
    times, sizes = (
        np.array([getattr(look, name) for look in later]) for name in ("at_s", "megabytes")
    )
    slope, _ = np.polyfit(times, sizes, 1)
    growth = 100 * float(slope * (times[-1] - times[0])) / later[0].megabytes
    leaked = later[-1].files - later[0].files
    note = f"{later[0].megabytes:.0f} → {later[-1].megabytes:.0f} MB in {minutes:g} min"
    return [
        figure(PART, "memory growth", [growth], "%", goal=_GROWTH_GOAL, note=note),
        figure(PART, "file descriptors more", [leaked], goal=Goal(0, at_least=False)),
    ]


def watch(target: Target, pid: int, seconds: float) -> list[Look]:
    """Load a service for so long and return how its process looked, see `measure`."""
    files = Path(f"/proc/{pid}/fd")
    if not files.is_dir():
        raise SetupError("memory is read from /proc, which only Linux has: run this part there")
    looks: list[Look] = []
    started = time.monotonic()
    while len(looks) < _LOOKS:
        outcome = run_in_loop(closed_loop(target, _CALLERS, seconds / _LOOKS, warm_up_s=0.0))
        if set(outcome.codes) != {"OK"}:
            raise RuntimeError(f"calls failed in the soak: {dict(outcome.codes)}")
        # The service closes its ends of the connections when it gets to it.
        time.sleep(0.1)
        held = sum(1 for _ in files.iterdir())
        looks.append(Look(time.monotonic() - started, resident_megabytes(pid), held))
    return looks
