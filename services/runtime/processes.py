"""The three services as child processes: for `up`, the demo, and clients without a mesh."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import IO, Self, TextIO

from maskmesh.services.runtime.errors import InvalidInputError, SetupError, UnavailableError
from maskmesh.services.runtime.readiness import address_in

SERVICE_NAMES = ("location", "synthesis", "classification")
DEFAULT_PORT = 50051
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class MeshAddresses:
    """Where the three services are, each as "host:port" or as a target of gRPC.

    A target is e.g. "dns:///name:port" or "ipv4:10.0.0.1:50051,10.0.0.2:50051".
    """

    location: str
    synthesis: str
    classification: str

    @classmethod
    def at(cls, address: str) -> MeshAddresses:
        """Return the addresses of a mesh that `maskmesh up` started with its first port P.

        Args:
            address: "host:P"; location is at P, synthesis at P+1, classification at P+2. So are
                they at each address of a target of gRPC, e.g. "ipv4:10.0.0.1:P,10.0.0.2:P".

        Raises:
            InvalidInputError: The address has no port, or one outside 1 to 65533.
        """
        hosts_and_ports = [part.rpartition(":")[::2] for part in address.split(",")]
        for host, port in hosts_and_ports:
            if not host or not port.isdecimal() or not 1 <= int(port) <= 65533:
                raise InvalidInputError(
                    f"{address!r} is no address of a mesh: give HOST:PORT, e.g. 127.0.0.1:50051"
                )
        return cls(
            *(
                ",".join(f"{host}:{int(port) + offset}" for host, port in hosts_and_ports)
                for offset in range(len(SERVICE_NAMES))
            )
        )


class LocalMesh:
    """The three services as child processes, from `with` to its end.

    The children end with this process, however it ends: they watch their standard input.

    Args:
        host: Address to listen on.
        port: Port of location; synthesis and classification take the two after it. 0: free ports.
        log_file: Where the children's logs go; None: to this process's standard error.
        flags: More flags of `maskmesh serve`, for all three.
        metrics_port: Port of location's metrics; those of the other two are at the ports after it.
            0: there are none.

    Raises:
        SetupError: A service did not start.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        log_file: Path | None = None,
        flags: Sequence[str] = (),
        metrics_port: int = 0,
    ) -> None:
        self._host = host
        self._port = port
        self._log_file = log_file
        self._flags = flags
        self._metrics_port = metrics_port
        self._children: dict[str, subprocess.Popen[str]] = {}
        self.addresses = MeshAddresses("", "", "")

    def __enter__(self) -> Self:
        """Start the services side by side and wait until all are ready."""
        try:
            with contextlib.ExitStack() as stack:
                log = None
                if self._log_file:
                    log = stack.enter_context(_open_log(self._log_file))
                for offset, name in enumerate(SERVICE_NAMES):
                    self._children[name] = self._start(name, offset, log)
            deadline = time.monotonic() + START_TIMEOUT_S
            self.addresses = MeshAddresses(
                **{name: self._wait_until_ready(name, deadline) for name in SERVICE_NAMES}
            )
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drain and end the services."""
        self.stop()

    def check(self) -> None:
        """Return if all services still run.

        Raises:
            UnavailableError: One has ended.
        """
        for name, child in self._children.items():
            code = child.poll()
            if code is not None:
                raise UnavailableError(
                    f"the {name} service ended with exit code {code}{self._reason(name)}"
                )

    def stop(self) -> None:
        """Drain and end the services; one that does not end in time is killed."""
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for child in self._children.values():
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe:
                    pipe.close()
        self._children.clear()

    def _start(self, name: str, offset: int, log: IO[str] | None) -> subprocess.Popen[str]:
        port = self._port + offset if self._port else 0
        command = [sys.executable, "-m", "maskmesh.cli.main", "serve", name]
        command += ["--host", self._host, "--port", str(port), "--stop-with-stdin", *self._flags]
        if self._metrics_port:
            command += ["--metrics-port", str(self._metrics_port + offset)]
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            # Ctrl-C reaches only this process, which then drains the children in order.
            start_new_session=True,
        )

    def _wait_until_ready(self, name: str, deadline: float) -> str:
        child = self._children[name]
        lines: Queue[str] = Queue()
        threading.Thread(target=lambda: lines.put(_first_line(child)), daemon=True).start()
        try:
            line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            raise SetupError(
                f"the {name} service was not ready after {START_TIMEOUT_S:.0f} s"
                f"{self._reason(name)}"
            ) from None
        address = address_in(line, name)
        if address is None:
            raise SetupError(f"the {name} service did not start{self._reason(name)}")
        return address

    def _reason(self, name: str) -> str:
        if self._log_file is None:
            return ": its log above says why"
        # The services write to one file side by side; what ends one carries its command's name.
        lines = self._log_file.read_text(encoding="utf-8").splitlines()
        own = [line for line in lines if line.startswith(f"maskmesh serve {name}: ")]
        return f": {own[-1]}" if own else f": see {self._log_file}"


def _open_log(file: Path) -> TextIO:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("w", encoding="utf-8")
    except OSError as error:
        raise SetupError(
            f"the services' log cannot be written to {file} ({error.strerror}): name another place"
        ) from error


def _first_line(child: subprocess.Popen[str]) -> str:
    return child.stdout.readline() if child.stdout else ""
