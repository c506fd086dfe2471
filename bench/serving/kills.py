"""Services that are killed under a stream: how soon frames are good again after they are back."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2

from maskmesh.bench.mesh import frame_with_one_face
from maskmesh.bench.serving.figures import Figure, Goal, figure
from maskmesh.bench.serving.servers import Running, service
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.processes import SERVICE_NAMES

PART = "kill"
_GOAL = Goal(2.0, at_least=False)
_FRAMES = 50_000
# Of good frames, so many must come before the next kill.
_CALM = 5
_PATIENCE_S = 60.0
_AWAY_S = 0.5


class Mesh:
    """The three services at ports of their own, each of which can be killed and started again.

    Args:
        scratch: Folder for their logs.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._port = _three_free_ports()
        self._stacks: dict[str, ExitStack] = {}
        self._running: dict[str, Running] = {}

    @property
    def address(self) -> str:
        """Where location listens; the others are at the ports after."""
        return f"127.0.0.1:{self._port}"

    def start(self, name: str) -> None:
        """Start a service and return when it is ready."""
        port = self._port + SERVICE_NAMES.index(name)
        stack = self._stacks[name] = ExitStack()
        log = self._scratch / f"{name}.log"
        self._running[name] = stack.enter_context(service(name, log, port=port))

    def kill(self, name: str) -> None:
        """Kill -9 a service."""
        self._running[name].process.kill()
        self._stacks.pop(name).close()

    def __enter__(self) -> Mesh:
        try:
            for name in SERVICE_NAMES:
                self.start(name)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the services."""
        while self._stacks:
            self._stacks.popitem()[1].close()


class Stream:
    """The stream client as a process, and the times at which its good frames came.

    Args:
        process: `maskmesh stream --json -`.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._good: queue.SimpleQueue[float] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def good_after(self, moment: float) -> float:
        """Return when the first good frame after a moment came, by time.monotonic.

        Raises:
            RuntimeError: None came.
        """
        end = moment + _PATIENCE_S
        while True:
            try:
                came = self._good.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                code = self._process.poll()
                state = "still runs" if code is None else f"ended with exit code {code}"
                raise RuntimeError(f"no good frame in {_PATIENCE_S:g} s; stream {state}") from None
            if came > moment:
                return came

    def wait_for_calm(self) -> None:
        """Return after some good frames."""
        for _ in range(_CALM):
            self.good_after(time.monotonic())

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if json.loads(line).get("faces"):
                self._good.put(time.monotonic())


def measure(photo: Path, rounds: int, scratch: Path) -> list[Figure]:
    """Kill each service in turn under one stream, which puts masks on, and start it again.

    Raises:
        SetupError: A service does not start.
        RuntimeError: The stream does not go on.
    """
    waits: dict[str, list[float]] = {name: [] for name in SERVICE_NAMES}
    with Mesh(scratch) as mesh, streaming(mesh.address, photo, scratch) as stream:
        for _ in range(rounds):
            for name in SERVICE_NAMES:
                stream.wait_for_calm()
                mesh.kill(name)
                time.sleep(_AWAY_S)
                mesh.start(name)
                ready = time.monotonic()
                waits[name].append(stream.good_after(ready) - ready)
    return [
        figure(PART, f"{name} is back → first good frame", seconds, "s", goal=_GOAL)
        for name, seconds in waits.items()
    ]


@contextmanager
def streaming(address: str, photo: Path, scratch: Path) -> Iterator[Stream]:
    """Run the stream client on a picture over and over beside a block."""
    frames = scratch / "frames"
    frames.mkdir(parents=True, exist_ok=True)
    picture = frames / "0.png"
    cv2.imwrite(str(picture), frame_with_one_face(photo))
    for number in range(1, _FRAMES):
        link = frames / f"{number}.png"
        if not link.exists():
            link.symlink_to(picture.name)
    words = [sys.executable, "-m", "maskmesh.cli.main", "stream", "--source", str(frames)]
    words += ["--mesh", address, "--mask", "--reconnect-s", str(_PATIENCE_S), "--json", "-"]
    with (
        (scratch / "stream.log").open("w", encoding="utf-8") as log,
        subprocess.Popen(  # noqa: S603 - our own command
            words, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            yield Stream(process)
        finally:
            process.kill()


def _three_free_ports() -> int:
    for _ in range(100):
        with ExitStack() as stack:
            try:
                first = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
                port: int = first.getsockname()[1]
                for offset in (1, 2):
                    stack.enter_context(socket.create_server(("127.0.0.1", port + offset)))
            except OSError:
                continue
            return port
    raise SetupError("no three free ports one after the other: end what listens on loopback")
