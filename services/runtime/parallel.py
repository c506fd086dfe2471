"""One service in several processes at one port, for work that holds Python's lock.

Each process listens for itself (SO_REUSEPORT), and the system gives each new connection to one of
them. A client that wants all of them opens several connections.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from types import TracebackType
from typing import Self

from maskmesh.services.runtime.errors import MaskmeshError, SetupError

Serve = Callable[[int, Callable[[str], None]], None]
"""Serves at a port until the process is told to end; calls the function with the service's name
once it serves."""

KILL_AFTER_S = 10.0


class ServingProcesses:
    """Processes that serve the same at one port, from `with` to its end.

    They are forked, so they must be started before this process has used gRPC. They end with this
    process, however it ends: see `wait_for_parent`.
    """

    def __init__(self, count: int, host: str, port: int, serve: Serve, grace_s: float) -> None:
        """Note what is to be started.

        Args:
            count: How many processes.
            host: Address to listen on.
            port: Port to listen on; 0 takes a free one.
            serve: What each process does.
            grace_s: How long they need at most to drain, in seconds.
        """
        self._count = count
        self._serve = serve
        self._patience_s = grace_s + KILL_AFTER_S
        self._children: list[ForkProcess] = []
        self._reserved = _reserve(host, port)
        self._asked_to_stop, self._stop = multiprocessing.Pipe(duplex=False)
        self.port: int = self._reserved.getsockname()[1]
        self.name = ""

    def __enter__(self) -> Self:
        """Start the processes and wait until all serve.

        Raises:
            MaskmeshError: One of them could not start; the error is its own.
        """
        with ExitStack() as on_error:
            on_error.callback(self._end)
            started = [self._start() for _ in range(self._count)]
            names = {self._ready(child, told) for child, told in started}
            self.name = names.pop()
            on_error.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drain and end the processes."""
        self._end()

    @property
    def process_ids(self) -> list[int]:
        """The ids of the processes, in the order in which they were started."""
        return [child.pid for child in self._children if child.pid is not None]

    def stop(self) -> None:
        """Let `wait` return; may be called from any thread."""
        self._stop.send_bytes(b"stop")

    def wait(self) -> None:
        """Return on SIGTERM, SIGINT or `stop`.

        Raises:
            SetupError: A process has ended by itself.
        """
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signal_number, lambda *_: self.stop())
        sentinels = [child.sentinel for child in self._children]
        ended = wait([self._asked_to_stop, *sentinels])
        if self._asked_to_stop in ended:
            return
        codes = [child.exitcode for child in self._children if child.exitcode is not None]
        raise SetupError(
            f"one of {self._count} processes of the service ended with exit code {codes}: "
            "its log above says why; start the service again"
        )

    def _start(self) -> tuple[ForkProcess, Connection]:
        told, tell = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("fork").Process(
            target=_serve_and_tell, args=(self._serve, self.port, tell), daemon=True
        )
        child.start()
        tell.close()
        self._children.append(child)
        return child, told

    def _ready(self, child: ForkProcess, told: Connection) -> str:
        with told:
            try:
                answer = told.recv()
            except EOFError:
                child.join(KILL_AFTER_S)
                raise SetupError(
                    f"a process of the service ended with exit code {child.exitcode} before it "
                    "served: its log above says why"
                ) from None
        if isinstance(answer, MaskmeshError):
            raise answer
        return str(answer)

    def _end(self) -> None:
        for child in self._children:
            child.terminate()
        for child in self._children:
            child.join(self._patience_s)
            if child.exitcode is None:
                child.kill()
                child.join()
        self._children.clear()
        self._reserved.close()


def wait_for_parent() -> None:
    """Return when the process that started this one has ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()


def cannot_listen(address: str) -> SetupError:
    """Return the error of an address that is taken or not this machine's."""
    return SetupError(
        f"cannot listen on {address}: the port is in use or the address is not this "
        "machine's; choose another with --port or --host"
    )


def _serve_and_tell(serve: Serve, port: int, tell: Connection) -> None:
    try:
        serve(port, tell.send)
    except MaskmeshError as error:
        tell.send(error)
        sys.exit(1)


def _reserve(host: str, port: int) -> socket.socket:
    """Return a socket that holds the port for processes which share it.

    Raises:
        SetupError: The address cannot be listened on.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # A port that somebody else shares could be joined; one must be its only user at first.
        with socket.socket(family, kind) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(address)
            free = alone.getsockname()
        reserved = socket.socket(family, kind)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(free)
    except OSError as error:
        raise cannot_listen(f"{host}:{port}") from error
    return reserved
