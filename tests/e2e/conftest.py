"""Real processes of the installed command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maskmesh.services.runtime.processes import LocalMesh, MeshAddresses

MASKMESH = Path(sys.executable).parent / "maskmesh"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def maskmesh() -> Run:
    """Runs `maskmesh ARGUMENTS` to its end and returns what it wrote."""

    def run(*arguments: object, timeout: float = 100) -> subprocess.CompletedProcess[str]:
        command = [str(MASKMESH), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)

    return run


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `maskmesh ARGUMENTS`; what still runs after the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def popen(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(MASKMESH), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshAddresses]:
    """A mesh of three real processes on free ports that many tests share."""
    with LocalMesh(log_file=tmp_path_factory.mktemp("mesh") / "mesh.log") as running:
        yield running.addresses
