from __future__ import annotations

import grpc
import pytest

from maskmesh.services.runtime import errors
from maskmesh.services.runtime.status import abort_with, answer_or_problem, status_of
from maskmesh.v1 import common_pb2

UNIMPLEMENTED = grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInputError, grpc.StatusCode.INVALID_ARGUMENT),
        (errors.TooLargeError, grpc.StatusCode.INVALID_ARGUMENT),
        (errors.NoFaceError, grpc.StatusCode.FAILED_PRECONDITION),
        (errors.NotFoundError, grpc.StatusCode.NOT_FOUND),
        (errors.SetupError, grpc.StatusCode.UNIMPLEMENTED),
        (errors.UnavailableError, grpc.StatusCode.UNAVAILABLE),
        (errors.DeadlineError, grpc.StatusCode.DEADLINE_EXCEEDED),
        (errors.AccessError, grpc.StatusCode.UNAUTHENTICATED),
        (errors.OverloadedError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
def test_the_family_keeps_its_text(
    error: type[errors.MaskmeshError], code: grpc.StatusCode
) -> None:
    assert status_of(error("do this")) == (code, "do this")


def test_every_error_of_the_family_has_a_status() -> None:
    for error in errors.MaskmeshError.__subclasses__():
        assert status_of(error("x"))[0] is not grpc.StatusCode.INTERNAL


def test_a_method_that_is_not_written_is_unimplemented() -> None:
    assert status_of(NotImplementedError("Method not implemented!"))[0] is UNIMPLEMENTED


def test_other_errors_do_not_leak_and_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    code, message = status_of(ValueError("secret path"))
    assert code is grpc.StatusCode.INTERNAL
    assert "secret" not in message
    logged = capsys.readouterr()
    reference = message.split()[-1]
    assert reference in logged.out + logged.err
    assert "secret path" in logged.out + logged.err


async def test_an_item_becomes_its_answer_or_a_problem() -> None:
    async def succeed() -> int:
        return 7

    async def fail() -> int:
        raise errors.InvalidInputError("send another")

    assert await answer_or_problem(succeed()) == 7
    assert await answer_or_problem(fail()) == common_pb2.Problem(code=3, message="send another")


@pytest.mark.parametrize(("wait_s", "told_ms"), [(0.25, "250"), (0.0001, "1"), (0.0012, "2")])
async def test_an_overload_never_tells_grpc_to_wait_for_nothing(wait_s, told_ms):
    class Context:
        async def abort(self, code, message, metadata):
            self.metadata = dict(metadata)

    context = Context()
    await abort_with(context, errors.OverloadedError("full", wait_s))
    assert context.metadata["grpc-retry-pushback-ms"] == told_ms


@pytest.mark.parametrize("letter", ["x", "é", "口", "😷"])
def test_of_a_long_text_the_middle_is_left_out(letter: str) -> None:
    error = errors.NotFoundError(f"no model named {letter * 5000}: ask for its list")
    code, message = status_of(error)
    assert code is grpc.StatusCode.NOT_FOUND
    assert message.startswith(f"no model named {letter * 9}")
    assert message.endswith(f"{letter * 9}: ask for its list")
    assert 950 <= len(message.encode()) <= 1010


def test_a_text_that_is_short_enough_is_told_whole() -> None:
    assert status_of(errors.NotFoundError("é" * 500))[1] == "é" * 500
