"""What stands between every call and its servicer: keys, limits, statuses, metrics, logs.

It is one interceptor, not five, and prepares each method once: what a call costs here is taken from
what the machine could answer.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from maskmesh.services.runtime.calls import Call
from maskmesh.services.runtime.errors import AccessError, DeadlineError
from maskmesh.services.runtime.limits import CallLimits
from maskmesh.services.runtime.observing.metrics import count_refusal
from maskmesh.services.runtime.security.keys import Keys
from maskmesh.services.runtime.status import abort_with

_HEALTH = "/grpc.health.v1.Health/"
# How long to wait for room to tell a client that does not read that its stream has ended.
_LAST_WORD_S = 1.0

_caller: ContextVar[str | None] = ContextVar("caller", default=None)

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Guards:
    """What calls are held against.

    Attributes:
        limits: How much is taken on at once.
        slow_reader_s: Seconds after which a stream whose answers are not read is ended.
        keys: Who may call; None: everybody.
        open_health: Whether health checks need no key.
    """

    limits: CallLimits
    slow_reader_s: float
    keys: Keys | None = None
    open_health: bool = True


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Admits calls, ends those whose handler raised with the error's status, and tells of all.

    Args:
        guards: What calls are held against.
    """

    def __init__(self, guards: Guards) -> None:
        self._guards = guards
        self._guarded: dict[str, Any] = {}
        # Who looks whether a service is overloaded must get through when it is.
        self._health_limits = CallLimits(guards.limits.settings)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return the guarded handler of a call; see grpc.aio.ServerInterceptor."""
        method = handler_call_details.method
        if self._guards.keys is not None:
            try:
                self._identify(self._guards.keys, handler_call_details)
            except AccessError as error:
                return _refused(method, error)
        guarded = self._guarded.get(method)
        if guarded is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            guarded = self._guarded[method] = self._guard(handler, method)
        return guarded

    def _identify(self, keys: Keys, details: grpc.HandlerCallDetails) -> None:
        if self._guards.open_health and details.method.startswith(_HEALTH):
            return
        _caller.set(keys.caller(details.invocation_metadata))

    def _guard(self, handler: Any, method: str) -> Any:
        read = handler.request_deserializer
        if not handler.request_streaming:
            read = _read_or_tell(read)
        coders = read, handler.response_serializer
        limits = self._health_limits if method.startswith(_HEALTH) else self._guards.limits
        if handler.response_streaming:
            make, work = (
                (grpc.stream_stream_rpc_method_handler, handler.stream_stream)
                if handler.request_streaming
                else (grpc.unary_stream_rpc_method_handler, handler.unary_stream)
            )
            return make(_guard_stream(work, method, limits, self._guards.slow_reader_s), *coders)
        make, work = (
            (grpc.stream_unary_rpc_method_handler, handler.stream_unary)
            if handler.request_streaming
            else (grpc.unary_unary_rpc_method_handler, handler.unary_unary)
        )
        return make(_guard_call(work, method, limits), *coders)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A message that could not be read."""

    error: DecodeError


def _read_or_tell(read: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    """Return a deserializer that hands an error on: raised in there, no handler would see it."""
    if read is None:
        return None

    def read_or_tell(data: bytes) -> Any:
        try:
            return read(data)
        except DecodeError as error:
            return _Unreadable(error)

    return read_or_tell


def _readable(request: Any) -> Any:
    """Return a request that could be read.

    Raises:
        DecodeError: It could not.
    """
    if isinstance(request, _Unreadable):
        raise request.error
    return request


def _guard_call(work: Any, method: str, limits: CallLimits) -> Any:
    async def guarded(request: Any, context: Context) -> Any:
        with Call(method, context, _caller.get()) as call:
            try:
                limits.begin_call()
                try:
                    return await work(_readable(request), context)
                finally:
                    limits.end_call()
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001 - the boundary: every error becomes a status
                call.failed(error)
            # Not while the error is handled: what ends the call would carry it along.
            return await abort_with(context, call.error)

    return guarded


def _guard_stream(work: Any, method: str, limits: CallLimits, slow_reader_s: float) -> Any:
    # Both are handlers to gRPC: one that yields its answers, and one that writes them itself.
    writes = inspect.iscoroutinefunction(work)

    async def guarded(requests: Any, context: Context) -> None:
        with Call(method, context, _caller.get(), stream=True) as call:
            try:
                peer = _peer(context)
                limits.begin_stream(peer)
                try:
                    if writes:
                        await work(_readable(requests), context)
                    else:
                        await _answer(
                            work(_readable(requests), context), context, call, slow_reader_s
                        )
                finally:
                    limits.end_stream(peer)
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001 - the boundary: every error becomes a status
                call.failed(error)
            else:
                return
            await _end_stream(context, call.error)

    return guarded


async def _answer(
    answers: AsyncGenerator[Any, None], context: Context, call: Call, slow_reader_s: float
) -> None:
    """Write the answers of a stream.

    Raises:
        SlowReader: One could not be written in time.
    """
    async with aclosing(answers):
        async for answer in answers:
            try:
                async with asyncio.timeout(slow_reader_s):
                    await context.write(answer)
            except TimeoutError:
                raise SlowReader(
                    f"the answers of this stream were not read for {slow_reader_s:g} s: read them, "
                    "or send fewer requests"
                ) from None
            call.answers += 1


class SlowReader(DeadlineError):  # noqa: N818 - it names the client
    """A client does not read the answers of its stream."""


async def _end_stream(context: Context, error: Exception) -> None:
    if not isinstance(error, SlowReader):
        await abort_with(context, error)
    # The status waits behind the answers that are not read; the handler must not wait with it.
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORD_S):
            await abort_with(context, error)


def _peer(context: Context) -> str:
    """Return who opened a stream: a key, a client certificate, or else an address."""
    name = _caller.get()
    if name is not None:
        return name
    shown = context.peer_identities()
    if shown:
        return b"/".join(shown).decode("latin-1")
    return context.peer().rpartition(":")[0]


def _refused(method: str, error: AccessError) -> Any:
    """Return a handler of calls of any shape, which reads none of what was sent."""

    async def refuse(_: Any, context: Context) -> None:
        with Call(method, context, None, known=False) as call:
            count_refusal("key")
            call.failed(error)
            await abort_with(context, error)

    return grpc.stream_stream_rpc_method_handler(refuse)
