"""Kills a command at random moments, lets it resume, and holds what it made against a whole run."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from maskmesh.bench.synthesis.commands import run_logged

Command = Callable[[Path], Sequence[str]]
"""Gives the words that make a destination."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One run that was killed and resumed.

    Attributes:
        after_s: When it was killed, in seconds from its start.
        files_then: How many files the destination had at that moment.
        different: Names of files that differ from the whole run's, are missing or too many.
    """

    after_s: float
    files_then: int
    different: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kills:
    """All of them, and the run that nobody killed."""

    whole_s: float
    files: int
    kills: tuple[Kill, ...]

    @property
    def identical(self) -> int:
        """How many runs ended byte-identical in spite of the kill."""
        return sum(not kill.different for kill in self.kills)


def kill_and_resume(
    command: Command,
    scratch: Path,
    times: int,
    seed: int,
    *,
    suffix: str = "",
    advance: Callable[[], None] = lambda: None,
) -> Kills:
    """Run a command whole, then over and over with a kill -9 at a moment drawn by lot.

    Args:
        command: The words for a destination; running them again on the same one resumes.
        scratch: Folder for destinations; emptied before.
        times: How many kills.
        seed: Decides the moments, evenly over the time that the whole run took.
        suffix: Of the destination's name, e.g. ".zip".
        advance: Called after every comparison.

    Raises:
        SetupError: The command fails on its own.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    log = scratch / "command.log"
    whole = scratch / f"whole{suffix}"
    whole_s = run_logged(command(whole), log)
    expected = fingerprints(whole)
    lot = random.Random(seed)
    kills = []
    for number in range(times):
        target = scratch / f"killed{number}{suffix}"
        after_s = lot.uniform(0.0, whole_s)
        _start_and_kill(command(target), after_s, log)
        files_then = len(fingerprints(target))
        run_logged(command(target), log)
        kills.append(Kill(after_s, files_then, differences(expected, fingerprints(target))))
        _remove(target)
        advance()
    return Kills(whole_s, len(expected), tuple(kills))


def fingerprints(target: Path) -> dict[str, str]:
    """Return a hash of the bytes of a file, or of every file below a folder, by name."""
    if target.is_file():
        return {"": _hash(target)}
    files = sorted(path for path in target.rglob("*") if path.is_file())
    return {path.relative_to(target).as_posix(): _hash(path) for path in files}


def differences(expected: dict[str, str], found: dict[str, str]) -> tuple[str, ...]:
    """Return the names that only one side has, or whose bytes differ."""
    names = expected.keys() | found.keys()
    return tuple(sorted(name for name in names if expected.get(name) != found.get(name)))


def _start_and_kill(words: Sequence[str], after_s: float, log: Path) -> None:
    with log.open("ab") as output:
        # A session of its own, so that the workers die with it.
        process = subprocess.Popen(  # noqa: S603 - the caller's own command
            words, stdout=output, stderr=output, start_new_session=True
        )
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _remove(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
