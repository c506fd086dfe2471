"""The one place where errors become gRPC statuses: of calls, streams, and items of streams."""

from __future__ import annotations

import math
import uuid
from collections.abc import Awaitable
from typing import Any, NoReturn, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from maskmesh.services.runtime.errors import (
    AccessError,
    DeadlineError,
    InvalidInputError,
    MaskmeshError,
    NoFaceError,
    NotFoundError,
    OverloadedError,
    SetupError,
    UnavailableError,
)
from maskmesh.services.runtime.logging import get_logger
from maskmesh.v1 import common_pb2

Answer = TypeVar("Answer")

_log = get_logger("rpc")

# Texts travel in metadata, each byte beyond ASCII as three, and once more in the details. Over
# gRPC's 8 KiB of metadata, callers would see RESOURCE_EXHAUSTED in place of the status.
_HEAD_BYTES = 700
_TAIL_BYTES = 300

# First match wins, so a subclass stands before its base.
_STATUS_OF: tuple[tuple[type[MaskmeshError], grpc.StatusCode], ...] = (
    (InvalidInputError, grpc.StatusCode.INVALID_ARGUMENT),
    (NoFaceError, grpc.StatusCode.FAILED_PRECONDITION),
    (NotFoundError, grpc.StatusCode.NOT_FOUND),
    (SetupError, grpc.StatusCode.UNIMPLEMENTED),
    (AccessError, grpc.StatusCode.UNAUTHENTICATED),
    (DeadlineError, grpc.StatusCode.DEADLINE_EXCEEDED),
    (OverloadedError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (UnavailableError, grpc.StatusCode.UNAVAILABLE),
)


def status_of(error: BaseException) -> tuple[grpc.StatusCode, str]:
    """Return the status code and the text that a caller may see for an error.

    Of a text of more than 1,000 bytes of UTF-8, the middle is left out: what to do stands at the
    end. Errors outside the family are logged with their traceback, and the caller is told only a
    reference to that log line: their texts may hold paths or data.
    """
    for family, code in _STATUS_OF:
        if isinstance(error, family):
            return code, _shortened(str(error))
    if isinstance(error, DecodeError):
        return (
            grpc.StatusCode.INVALID_ARGUMENT,
            "the message is not what this method takes: send it whole, as the contract has it",
        )
    if isinstance(error, NotImplementedError):  # the generated code's, for methods we do not have
        return grpc.StatusCode.UNIMPLEMENTED, "this service does not offer this method"
    reference = uuid.uuid4().hex[:12]
    _log.error("internal error", reference=reference, exc_info=error)
    return grpc.StatusCode.INTERNAL, f"internal error, see the service's log at {reference}"


def _shortened(text: str) -> str:
    data = text.encode(errors="replace")
    if len(data) <= _HEAD_BYTES + _TAIL_BYTES:
        return text
    head, tail = data[:_HEAD_BYTES], data[-_TAIL_BYTES:]
    return f"{head.decode(errors='ignore')} … {tail.decode(errors='ignore')}"


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


async def abort_with(context: grpc.aio.ServicerContext[Any, Any], error: Exception) -> NoReturn:
    """End a call with the status of an error; see `status_of`.

    The status of an overload carries google.rpc.RetryInfo, by which clients know when to try again.
    """
    code, message = status_of(error)
    details: tuple[tuple[str, str | bytes], ...] = ()
    if isinstance(error, OverloadedError):
        details = _retry_info(code, message, error.retry_after_s)
    await context.abort(code, message, details)


def _retry_info(
    code: grpc.StatusCode, message: str, retry_after_s: float
) -> tuple[tuple[str, str | bytes], ...]:
    hint = error_details_pb2.RetryInfo()
    hint.retry_delay.FromNanoseconds(round(retry_after_s * 1e9))
    status = status_pb2.Status(code=code.value[0], message=message)
    status.details.add().Pack(hint)
    # gRPC's clients (1.85) never end a pause of 0 ms.
    pause_ms = max(1, math.ceil(retry_after_s * 1000))
    # The first is for people and libraries, the second for gRPC's own retries.
    return (
        *(rpc_status.to_status(status).trailing_metadata or ()),
        ("grpc-retry-pushback-ms", str(pause_ms)),
    )
