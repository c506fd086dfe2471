"""How much memory the processes of a command take while it runs, by Linux's /proc."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maskmesh.bench.synthesis.commands import check_ended_well
from maskmesh.services.runtime.errors import SetupError

_PROC = Path("/proc")
# Of a worker's time, what counts as its start: caches fill, drawings are drawn.
_START = 0.25


@dataclass(frozen=True, slots=True)
class Course:
    """The memory of one process over time.

    Attributes:
        name: "main", or "worker" and a number by the order of appearance.
        seconds: Since the command's start.
        megabytes: Resident, shared pages included, at those times.
    """

    name: str
    seconds: tuple[float, ...]
    megabytes: tuple[float, ...]

    @property
    def peak(self) -> float:
        """The most, in MB."""
        return max(self.megabytes)

    @property
    def growth(self) -> float:
        """How many MB more it has at the end than after its start, by a line through the rest."""
        times, sizes = np.array(self.seconds), np.array(self.megabytes)
        begin = times[0] + _START * (times[-1] - times[0])
        later = times >= begin
        if later.sum() < 3:
            return 0.0
        slope = float(np.polyfit(times[later] - begin, sizes[later], 1)[0])
        return slope * float(times[-1] - begin)


def watch(
    words: Sequence[str],
    log: Path,
    *,
    interval_s: float = 0.5,
    advance: Callable[[], None] = lambda: None,
) -> list[Course]:
    """Run a command to its end and watch it and all that it starts.

    Args:
        words: The command.
        log: Gets what it says.
        interval_s: Seconds between two looks.
        advance: Called after every look.

    Returns:
        A course for each process that was seen at least thrice, the command's own first.

    Raises:
        SetupError: The command fails, or there is no /proc here.
    """
    if not (_PROC / "self" / "status").is_file():
        raise SetupError("memory is read from /proc, which only Linux has: run this part there")
    seen: dict[int, list[tuple[float, float]]] = {}
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output)  # noqa: S603 - the caller's
        while process.poll() is None:
            for pid in family(process.pid):
                size = resident_megabytes(pid)
                if size:
                    seen.setdefault(pid, []).append((time.monotonic() - started, size))
            advance()
            time.sleep(interval_s)
    check_ended_well(words, process.returncode, log)
    courses = [looks for looks in seen.values() if len(looks) >= 3]
    names = ["main", *(f"worker {number}" for number in range(1, len(courses)))]
    return [
        Course(name, *(tuple(values) for values in zip(*looks, strict=True)))
        for name, looks in zip(names, courses, strict=True)
    ]


def family(pid: int) -> list[int]:
    """Return a process and all its descendants, parents first."""
    pids = [pid]
    for file in sorted(_PROC.glob(f"{pid}/task/*/children")):
        try:
            children = file.read_text().split()
        except OSError:  # It ended meanwhile.
            continue
        for child in children:
            pids += family(int(child))
    return pids


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process in MB (10⁶ bytes), 0 if it has ended."""
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0.0
    kilobytes = next((line.split()[1] for line in lines if line.startswith("VmRSS:")), "0")
    return int(kilobytes) * 1024 / 1e6
