"""The classification service over a real server, with a model whose answers are known."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import grpc.aio
import numpy as np
import pytest

from maskmesh.services.classification.servicer import build
from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.runtime.images import from_array
from maskmesh.v1 import classification_pb2 as pb
from maskmesh.v1 import classification_pb2_grpc, common_pb2

Stub = classification_pb2_grpc.ExpressionClassificationServiceStub


@pytest.fixture
async def stub(host, brightness_repository: Path) -> Stub:
    settings = ClassificationSettings(port=0, repository=brightness_repository, max_faces=8)
    _, channel = await host(build(settings), settings)
    return Stub(channel)


def face(expression: int, encoding: str = "raw") -> common_pb2.Image:
    """A flat face that the model calls the expression with this number, 1 to 7."""
    return from_array(np.full((48, 48), 36 * (expression - 1) + 18, np.uint8), encoding)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["raw", "png", "jpeg"])
async def test_faces_are_answered_in_order(stub: Stub, encoding: str) -> None:
    wanted = [pb.EXPRESSION_SURPRISE, pb.EXPRESSION_ANGRY, pb.EXPRESSION_HAPPY]
    answer = await stub.Classify(pb.ClassifyRequest(faces=[face(k, encoding) for k in wanted]))
    assert [item.expression for item in answer.classifications] == wanted
    assert all(len(item.probabilities) == 7 for item in answer.classifications)
    assert answer.classifications[0].mask_probability == pytest.approx(234 / 255)
    assert (answer.model_name, answer.model_version) == ("expression", "3")


@pytest.mark.parametrize(
    ("faces", "says"),
    [
        ([], "no face was given"),
        ([face(1), common_pb2.Image(encoded=b"x")], "face 1: these 1 bytes are not a picture"),
        ([face(1)] * 9, "9 faces in one call, the limit is 8"),
    ],
)
async def test_bad_calls_are_told_what_to_do(
    stub: Stub, faces: list[common_pb2.Image], says: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match=says) as caught:
        await stub.Classify(pb.ClassifyRequest(faces=faces))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_full_service_says_so(host, brightness_repository: Path) -> None:
    settings = ClassificationSettings(
        port=0, repository=brightness_repository, queue_faces=4, workers=1
    )
    _, channel = await host(build(settings), settings)
    calls = [Stub(channel).Classify(pb.ClassifyRequest(faces=[face(2, "png")] * 3)) for _ in "many"]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    answered = [each for each in outcomes if isinstance(each, pb.ClassifyResponse)]
    refused = [each for each in outcomes if isinstance(each, grpc.aio.AioRpcError)]
    assert len(answered) + len(refused) == len(outcomes)
    assert answered
    assert refused
    assert all("over its limit of 4" in str(each.details()) for each in refused)


async def test_a_message_over_the_servers_limit_is_refused(stub: Stub) -> None:
    huge = common_pb2.Image(encoded=bytes(21 * 1024 * 1024))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Classify(pb.ClassifyRequest(faces=[huge]))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await stub.Classify(pb.ClassifyRequest(faces=[face(2)]))).classifications


async def test_a_stream_goes_on_after_a_bad_item(stub: Stub) -> None:
    async def requests():
        for number in range(1, 6):
            broken = number == 3
            image = common_pb2.Image(encoded=b"broken") if broken else face(number)
            yield pb.ClassifyStreamRequest(
                request_id=number * 11, classify=pb.ClassifyRequest(faces=[image])
            )

    answers = [answer async for answer in stub.ClassifyStream(requests())]
    assert [answer.request_id for answer in answers] == [11, 22, 33, 44, 55]
    assert [answer.WhichOneof("outcome") for answer in answers] == [
        "problem" if number == 3 else "classified" for number in range(1, 6)
    ]
    assert answers[2].problem.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert answers[4].classified.classifications[0].expression == 5


async def test_concurrent_callers_get_their_own_results(stub: Stub) -> None:
    wanted = [k % 7 + 1 for k in range(70)]
    answers = await asyncio.gather(
        *(stub.Classify(pb.ClassifyRequest(faces=[face(k)])) for k in wanted)
    )
    assert [answer.classifications[0].expression for answer in answers] == wanted


async def test_what_was_taken_in_is_answered_when_the_service_drains(
    host, brightness_repository: Path
) -> None:
    settings = ClassificationSettings(port=0, repository=brightness_repository)
    running, channel = await host(build(settings), settings)
    stub = Stub(channel)
    calls = [stub.Classify(pb.ClassifyRequest(faces=[face(k % 7 + 1)])) for k in range(60)]
    await calls[0]
    await running.drain(grace_s=60)
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for k, outcome in enumerate(outcomes):
        if isinstance(outcome, pb.ClassifyResponse):
            assert outcome.classifications[0].expression == k % 7 + 1
        else:  # it came when the service took in no more
            assert isinstance(outcome, grpc.aio.AioRpcError)
            assert outcome.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
