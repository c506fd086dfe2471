"""The one place where errors become gRPC statuses: of calls, streams, and items of streams."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import grpc
import grpc.aio

from maskmesh.services.runtime.errors import (
    DeadlineError,
    InvalidInputError,
    MaskmeshError,
    NoFaceError,
    NotFoundError,
    SetupError,
    UnavailableError,
)
from maskmesh.services.runtime.logging import get_logger
from maskmesh.v1 import common_pb2

Answer = TypeVar("Answer")

_log = get_logger("rpc")

# First match wins, so a subclass stands before its base.
_STATUS_OF: tuple[tuple[type[MaskmeshError], grpc.StatusCode], ...] = (
    (InvalidInputError, grpc.StatusCode.INVALID_ARGUMENT),
    (NoFaceError, grpc.StatusCode.FAILED_PRECONDITION),
    (NotFoundError, grpc.StatusCode.NOT_FOUND),
    (SetupError, grpc.StatusCode.UNIMPLEMENTED),
    (DeadlineError, grpc.StatusCode.DEADLINE_EXCEEDED),
    (UnavailableError, grpc.StatusCode.UNAVAILABLE),
)


def status_of(error: BaseException) -> tuple[grpc.StatusCode, str]:
    """Return the status code and the text that a caller may see for an error.

    Errors outside the family are logged with their traceback, and the caller is told only a
    reference to that log line: their texts may hold paths or data.
    """
    for family, code in _STATUS_OF:
        if isinstance(error, family):
            return code, str(error)
    reference = uuid.uuid4().hex[:12]
    _log.error("internal error", reference=reference, exc_info=error)
    return grpc.StatusCode.INTERNAL, f"internal error, see the service's log at {reference}"


async def answer_or_problem(work: Awaitable[Answer]) -> Answer | common_pb2.Problem:
    """Await the answer to one item of a stream; an error becomes a Problem: the stream goes on."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - any failure of one item must spare the stream
        return problem_of(error)


def problem_of(error: Exception) -> common_pb2.Problem:
    """Return what an item's caller is told about its error; see `status_of`."""
    code, message = status_of(error)
    return common_pb2.Problem(code=code.value[0], message=message)


class StatusInterceptor(grpc.aio.ServerInterceptor):
    """Ends calls whose handler raised with the status of the error, and logs every call."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the handler of a call; see grpc.aio.ServerInterceptor."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith("/maskmesh."):
            return handler
        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(
                _guard_stream(handler.stream_stream, method),
                handler.request_deserializer,
                handler.response_serializer,
            )
        return grpc.unary_unary_rpc_method_handler(
            _guard_call(handler.unary_unary, method),
            handler.request_deserializer,
            handler.response_serializer,
        )


def _guard_call(call: Any, method: str) -> Any:
    async def guarded(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        started = time.perf_counter()
        try:
            answer = await call(request, context)
        except Exception as error:  # noqa: BLE001 - the boundary: every error becomes a status
            await _abort(context, error, method, started)
        else:
            _log.debug("call", method=method, code="OK", seconds=_since(started))
            return answer

    return guarded


def _guard_stream(call: Any, method: str) -> Any:
    async def guarded(
        requests: AsyncIterator[Any], context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[Any]:
        started = time.perf_counter()
        items = 0
        try:
            async for answer in call(requests, context):
                items += 1
                yield answer
        except Exception as error:  # noqa: BLE001 - the boundary: every error becomes a status
            await _abort(context, error, method, started)
        _log.info("stream", method=method, code="OK", items=items, seconds=_since(started))

    return guarded


async def _abort(
    context: grpc.aio.ServicerContext[Any, Any], error: Exception, method: str, started: float
) -> None:
    code, message = status_of(error)
    _log.info("call", method=method, code=code.name, seconds=_since(started))
    await context.abort(code, message)


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 4)
