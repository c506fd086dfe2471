"""From gRPC's status codes back to the one family of errors that users see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from maskmesh.services.runtime.errors import (
    DeadlineError,
    InvalidInputError,
    MaskmeshError,
    NoFaceError,
    NotFoundError,
    SetupError,
    TooLargeError,
    UnavailableError,
)

_FAMILY: dict[grpc.StatusCode, type[MaskmeshError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidInputError,
    grpc.StatusCode.OUT_OF_RANGE: TooLargeError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: TooLargeError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.FAILED_PRECONDITION: NoFaceError,
    grpc.StatusCode.UNIMPLEMENTED: SetupError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.CANCELLED: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineError,
}


def error_from(code: grpc.StatusCode, details: str, address: str) -> MaskmeshError:
    """Return the error of the family that stands for a status.

    Args:
        code: What the call ended with.
        details: The status's text.
        address: Host and port that were called, for the message.
    """
    kind = _FAMILY.get(code, MaskmeshError)
    if kind is UnavailableError:
        return UnavailableError(f"no service at {address}: start one with `maskmesh up`")
    if kind is DeadlineError:
        return DeadlineError(
            f"the service at {address} did not answer in time: it is overloaded or hangs"
        )
    if kind is SetupError:
        return SetupError(f"the server at {address} does not offer this service: check the port")
    if kind is MaskmeshError:
        return MaskmeshError(f"the service at {address} failed ({code.name}): see its log")
    return kind(details)


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
    if not isinstance(error, grpc.Call):
        return MaskmeshError(f"the call to {address} failed: {error}")
    return error_from(error.code(), error.details() or "", address)
