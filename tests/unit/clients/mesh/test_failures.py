from __future__ import annotations

import grpc
import pytest

from maskmesh.clients.mesh.failures import error_from
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
from maskmesh.services.runtime.status import status_of

CODES = grpc.StatusCode


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (CODES.INVALID_ARGUMENT, InvalidInputError, "the server's words"),
        (CODES.UNAUTHENTICATED, AccessError, "the server's words"),
        (CODES.PERMISSION_DENIED, AccessError, "the server's words"),
        (CODES.RESOURCE_EXHAUSTED, TooLargeError, "the server's words"),
        (CODES.NOT_FOUND, NotFoundError, "the server's words"),
        (CODES.FAILED_PRECONDITION, NoFaceError, "the server's words"),
        (CODES.UNAVAILABLE, UnavailableError, "no service at h:1: start one with `maskmesh up`"),
        (CODES.CANCELLED, UnavailableError, "h:1"),
        (CODES.DEADLINE_EXCEEDED, DeadlineError, "h:1 did not answer in time"),
        (CODES.UNIMPLEMENTED, SetupError, "check the port"),
        (CODES.INTERNAL, MaskmeshError, "INTERNAL.*see its log"),
        (CODES.UNKNOWN, MaskmeshError, "UNKNOWN.*see its log"),
    ],
)
def test_every_status_has_its_error(code, kind, words):
    error = error_from(code, "the server's words", "h:1")
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error


@pytest.mark.parametrize("kind", [InvalidInputError, NotFoundError, NoFaceError, DeadlineError])
def test_the_family_survives_the_way_over_the_wire(kind):
    code, details = status_of(kind("what to do"))
    assert type(error_from(code, details, "h:1")) is kind


def test_an_overload_tells_when_to_try_again():
    error = error_from(CODES.RESOURCE_EXHAUSTED, "the queue is full", "h:1", retry_after_s=0.25)
    assert type(error) is OverloadedError
    assert (str(error), error.retry_after_s) == ("the queue is full", 0.25)


def test_a_watch_that_is_refused_is_told_as_such():
    told = "connections to all backends failing; last error: health check call failed; will retry"
    error = error_from(CODES.UNAVAILABLE, told, "dns:///h:1")
    assert type(error) is UnavailableError
    assert "--no-open-health" in str(error)
