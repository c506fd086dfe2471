"""Commands as a user calls them, timed from outside."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from maskmesh.services.runtime.errors import SetupError


def synthesize_words(source: Path, target: Path, *options: str) -> list[str]:
    """Return the words of `maskmesh synthesize` for this Python."""
    words = [sys.executable, "-m", "maskmesh.cli.main", "synthesize", str(source), str(target)]
    return [*words, *options]


def run_logged(words: Sequence[str], log: Path) -> float:
    """Run a command to its end.

    Args:
        words: The command.
        log: Gets what it says, after what is there.

    Returns:
        The seconds it took.

    Raises:
        SetupError: It fails.
    """
    started = time.perf_counter()
    with log.open("ab") as output:
        code = subprocess.run(  # noqa: S603 - the caller's own command
            words, stdout=output, stderr=output, check=False
        ).returncode
    seconds = time.perf_counter() - started
    check_ended_well(words, code, log)
    return seconds


def check_ended_well(words: Sequence[str], code: int, log: Path) -> None:
    """Raise SetupError, with the last that a command said, unless its exit code is 0."""
    if code:
        said = " ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
        raise SetupError(f"{' '.join(map(str, words))} ended with {code}: {said}")
