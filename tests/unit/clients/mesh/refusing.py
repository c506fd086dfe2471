"""A server that refuses calls by HTTP/2's REFUSED_STREAM, as no server of gRPC does on demand."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Self

from maskmesh.clients.mesh import MeshAddresses

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING = 0, 1, 3, 4, 6
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
_REFUSED_STREAM = 7
_STATUS_200 = b"\x88"  # of HPACK's static table


def _field(name: bytes, value: bytes) -> bytes:
    """Return a header as HPACK's literal without indexing."""
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value


class Refusing:
    """Refuses the first calls, and answers the others with an empty message; for `with`.

    Args:
        times: How many are refused.
    """

    def __init__(self, times: int) -> None:
        self._times = times
        self._lines: list[socket.socket] = []
        self.calls = 0

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._listening, *self._lines):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    @property
    def addresses(self) -> MeshAddresses:
        """Where it listens, for all three services."""
        return MeshAddresses(*[f"127.0.0.1:{self._listening.getsockname()[1]}"] * 3)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # so `accept` ends
            while True:
                line, _ = self._listening.accept()
                self._lines.append(line)
                with line, line.makefile("rb") as incoming, contextlib.suppress(OSError):
                    incoming.read(len(_PREFACE))
                    line.sendall(_frame(_SETTINGS, 0, 0))
                    while head := incoming.read(9):
                        size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
                        stream = int.from_bytes(head[5:], "big")
                        line.sendall(self._reply(kind, flags, stream, incoming.read(size)))

    def _reply(self, kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        if kind in (_SETTINGS, _PING) and not flags & _ACK:
            return _frame(kind, _ACK, 0, payload if kind == _PING else b"")
        if kind != _HEADERS:
            return b""
        self.calls += 1
        if self.calls <= self._times:
            return _frame(_RST_STREAM, 0, stream, struct.pack(">I", _REFUSED_STREAM))
        head = _STATUS_200 + _field(b"content-type", b"application/grpc")
        return (
            _frame(_HEADERS, _END_HEADERS, stream, head)
            + _frame(_DATA, 0, stream, bytes(5))
            + _frame(_HEADERS, _END_HEADERS | _END_STREAM, stream, _field(b"grpc-status", b"0"))
        )


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + payload
