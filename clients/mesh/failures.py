"""From gRPC's status codes back to the one family of errors that users see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
    TooLargeError,
    UnavailableError,
)

NANOSECONDS = 1e9
WATCH_FAILED = "health check call failed"
"""So gRPC tells that its own watch is refused."""

_FAMILY: dict[grpc.StatusCode, type[MaskmeshError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidInputError,
    grpc.StatusCode.OUT_OF_RANGE: TooLargeError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: TooLargeError,
    grpc.StatusCode.UNAUTHENTICATED: AccessError,
    grpc.StatusCode.PERMISSION_DENIED: AccessError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.FAILED_PRECONDITION: NoFaceError,
    grpc.StatusCode.UNIMPLEMENTED: SetupError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.CANCELLED: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineError,
}


def error_from(
    code: grpc.StatusCode, details: str, address: str, retry_after_s: float | None = None
) -> MaskmeshError:
    """Return the error of the family that stands for a status.

    Args:
        code: What the call ended with.
        details: The status's text.
        address: Host and port that were called, for the message.
        retry_after_s: When the service says that the same call may succeed; None: it does not.
    """
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and retry_after_s is not None:
        return OverloadedError(details, retry_after_s)
    kind = _FAMILY.get(code, MaskmeshError)
    if kind is UnavailableError:
        return _unavailable(details, address)
    if kind is DeadlineError:
        return DeadlineError(
            f"the service at {address} did not answer in time: it is overloaded or hangs"
        )
    if kind is SetupError:
        return SetupError(f"the server at {address} does not offer this service: check the port")
    if kind is MaskmeshError:
        return MaskmeshError(f"the service at {address} failed ({code.name}): see its log")
    return kind(details)


def _unavailable(details: str, address: str) -> UnavailableError:
    if WATCH_FAILED in details:
        return UnavailableError(
            f"the health of {address} cannot be watched: if its health checks need a key, say "
            "--no-open-health, in Python Security(open_health=False)"
        )
    return UnavailableError(f"no service at {address}: start one with `maskmesh up`")


@contextmanager
def translated_errors(address: str) -> Iterator[None]:
    """Turn the errors of gRPC calls within the block into the family's.

    Raises:
        MaskmeshError: A call to `address` failed; which kind depends on the status.
    """
    try:
        yield
    except grpc.RpcError as error:
        raise error_from_call(error, address) from error


def error_from_call(error: grpc.RpcError, address: str) -> MaskmeshError:
    """Return the error of the family that stands for a failed call."""
    if isinstance(error, grpc.aio.AioRpcError):
        return error_from(error.code(), error.details() or "", address, _hint_of_aio(error))
    if not isinstance(error, grpc.Call):
        return MaskmeshError(f"the call to {address} failed: {error}")
    return error_from(error.code(), error.details() or "", address, _retry_after_s(error))


def code_of(error: grpc.RpcError) -> grpc.StatusCode:
    """Return the status that a call failed with."""
    known = isinstance(error, grpc.Call | grpc.aio.AioRpcError)
    return error.code() if known else grpc.StatusCode.UNKNOWN


def _retry_after_s(call: grpc.Call) -> float | None:
    try:
        status = rpc_status.from_call(call)
    except ValueError:  # what it carries is of another status
        return None
    return None if status is None else _delay_in(status)


def _hint_of_aio(error: grpc.aio.AioRpcError) -> float | None:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status()
            try:
                status.ParseFromString(value)
            except DecodeError:  # not ours: it says nothing of a retry
                return None
            return _delay_in(status)
    return None


def _delay_in(status: status_pb2.Status) -> float | None:
    hint = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(hint):
            return float(hint.retry_delay.ToNanoseconds()) / NANOSECONDS
    return None
