"""One call from its beginning to its end, as metrics, traces and logs see it."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio

from maskmesh.services.runtime.errors import OverloadedError
from maskmesh.services.runtime.logging import debug_is_written, get_logger
from maskmesh.services.runtime.observing import tracing
from maskmesh.services.runtime.observing.metrics import count_refusal, listening

_log = get_logger("rpc")

_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
_UNKNOWN_METHOD = "refused"


class Call:
    """Tells of a call when its block begins and ends. What is sent in it is not looked at."""

    __slots__ = (
        "_caller",
        "_context",
        "_error",
        "_instruments",
        "_method",
        "_span",
        "_started",
        "_stream",
        "_told_as",
        "answers",
    )

    def __init__(
        self,
        method: str,
        context: grpc.aio.ServicerContext[Any, Any],
        caller: str | None,
        *,
        stream: bool = False,
        known: bool = True,
    ) -> None:
        """Note what the call is.

        Args:
            method: Its full name.
            context: gRPC's context of it.
            caller: Name of the key it came with, if any.
            stream: Whether answers are streamed.
            known: Whether the name is a method of the server, and none that a caller made up.
        """
        self._method, self._context, self._caller = method, context, caller
        self._told_as = method if known else _UNKNOWN_METHOD
        self._stream = stream
        self._error: Exception | None = None
        self.answers = 0
        instruments = listening()
        self._instruments = None
        if instruments is not None:
            self._instruments = instruments.method(self._told_as)

    @property
    def error(self) -> Exception:
        """What the call failed with; for after `failed` only."""
        assert self._error is not None  # noqa: S101
        return self._error

    def failed(self, error: Exception) -> None:
        """Note what the call failed with."""
        self._error = error
        if isinstance(error, OverloadedError):
            count_refusal(error.reason)

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._span = tracing.begin_call(self._told_as, self._context)
        if self._instruments is not None:
            self._instruments.in_flight.inc()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        seconds = time.perf_counter() - self._started
        code = self._code(kind)
        instruments = self._instruments
        if instruments is not None:
            instruments.in_flight.dec()
            instruments.ended(code)
            if self._stream:
                instruments.answers.inc(self.answers)
            else:
                instruments.seconds.observe(seconds)
        self._tell(code, seconds)
        if self._span is not None:
            self._span.end(code)

    def _code(self, kind: type[BaseException] | None) -> str:
        if kind is not None and issubclass(kind, asyncio.CancelledError):
            left = self._context.time_remaining()
            return "DEADLINE_EXCEEDED" if left is not None and left <= 0 else "CANCELLED"
        name = _name_of(self._context.code())
        return "UNKNOWN" if kind is not None and name == "OK" else name

    def _tell(self, code: str, seconds: float) -> None:
        fine = code == "OK" and not self._stream
        if fine and not debug_is_written():
            return
        values: dict[str, object] = {"answers": self.answers} if self._stream else {}
        if self._caller is not None:
            values["caller"] = self._caller
        kind = "stream" if self._stream else "call"
        write = _log.debug if fine else _log.info
        write(kind, method=self._method, code=code, seconds=round(seconds, 4), **values)


def _name_of(code: grpc.StatusCode | int | None) -> str:
    # gRPC has nothing or 0 here until a status is set, and then what was set.
    return code.name if isinstance(code, grpc.StatusCode) else _NAMES[code or 0]
