"""A line between a client and a server that a test makes slow or silent."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Self

from maskmesh.clients.mesh import MeshAddresses

_PIECE_BYTES = 65536


class Line:
    """Carries bytes between clients and a server; for `with`.

    Args:
        address: Where the server is, host:port.
        delay_s: Seconds that all bytes take each way.
    """

    def __init__(self, address: str, delay_s: float = 0.0) -> None:
        host, _, port = address.rpartition(":")
        self._far = host, int(port)
        self._delay_s = delay_s
        self._carries = threading.Event()
        self._carries.set()
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.connections = 0

    @property
    def addresses(self) -> MeshAddresses:
        """Where its near end is, for all three services."""
        return MeshAddresses(*[f"127.0.0.1:{self._listening.getsockname()[1]}"] * 3)

    def fall_silent(self) -> None:
        """Carry nothing more, and tell nobody; connections stay open, and new ones are taken."""
        self._carries.clear()

    def speak(self) -> None:
        """Carry again, what was held back first."""
        self._carries.set()

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listening.close()
        self.speak()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # so `accept` ends at the line's end
            while True:
                near, _ = self._listening.accept()
                self._ends.append(near)
                self.connections += 1
                far = socket.create_connection(self._far)
                self._ends.append(far)
                for source, target in ((near, far), (far, near)):
                    thread = threading.Thread(target=self._carry, args=(source, target))
                    self._threads.append(thread)
                    thread.start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_PIECE_BYTES):
                time.sleep(self._delay_s)
                self._carries.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
