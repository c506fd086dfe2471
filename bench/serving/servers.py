"""Servers as processes of their own: ours, and one that computes nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.readiness import address_in

_END_S = 15.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes:
        address: "host:port".
        process: Its process.
    """

    address: str
    process: subprocess.Popen[str]


@contextmanager
def process_of(
    words: Sequence[str], log: Path, folder: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a server, which ends when its standard input closes or by SIGTERM, beside a block.

    Args:
        words: Its command.
        log: Gets its log.
        folder: Where it works and leaves what it likes; None: here.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("a", encoding="utf-8") as errors,
        subprocess.Popen(  # noqa: S603 - the bench's own words
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    """Return the first line that a process writes; empty: it ended without one."""
    return process.stdout.readline() if process.stdout else ""


@contextmanager
def service(name: str, log: Path, flags: Sequence[str] = (), port: int = 0) -> Iterator[Running]:
    """Run one of our services beside a block.

    Args:
        name: As in `maskmesh serve NAME`.
        log: Gets its log.
        flags: More flags of its command.
        port: Where it listens; 0: at a free one.

    Raises:
        SetupError: It does not start.
    """
    words = [sys.executable, "-m", "maskmesh.cli.main", "serve", name, "--port", str(port)]
    with process_of(
        [*words, "--log-level", "warning", "--stop-with-stdin", *flags], log
    ) as process:
        address = address_in(first_line(process), name)
        if address is None:
            raise SetupError(f"the {name} service did not start: see {log}")
        yield Running(address, process)


@contextmanager
def noop(log: Path) -> Iterator[Running]:
    """Run a gRPC server that answers everything at once beside a block."""
    words = [sys.executable, "-m", "maskmesh.bench.serving.ceilings"]
    with process_of(words, log) as process:
        yield Running(f"127.0.0.1:{int(first_line(process))}", process)
