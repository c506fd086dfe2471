"""Requests whose bytes were changed at random: a proper status each, never a crash or a hang."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import grpc
import grpc.aio
import numpy as np
import pytest
from google.protobuf.message import DecodeError, Message

from maskmesh.bench.serving.malformed import by_raw, mutated
from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.inference import open_inference_pb2_grpc
from maskmesh.services.classification.servicer import build
from maskmesh.services.classification.settings import ClassificationSettings

MUTATIONS = 400
PROPER = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}


@pytest.fixture
async def channel(host, brightness_repository: Path) -> grpc.aio.Channel:
    settings = ClassificationSettings(port=0, repository=brightness_repository, max_faces=8)
    _, channel = await host(build(settings), settings)
    return channel


def parses(message: type[Message], data: bytes) -> bool:
    """Whether the bytes are a message that the servicer gets to see."""
    try:
        message.FromString(data)
    except DecodeError:
        return False
    return True


async def outcome(channel: grpc.aio.Channel, method: str, data: bytes) -> tuple[object, str]:
    send = channel.unary_unary(f"/inference.GRPCInferenceService/{method}")
    try:
        await send(data, timeout=60)
    except grpc.aio.AioRpcError as error:
        return error.code(), str(error.details())
    return grpc.StatusCode.OK, ""


async def test_mutated_requests_are_answered_by_proper_statuses(
    channel: grpc.aio.Channel,
) -> None:
    chance = random.Random(20261125)
    codes: Counter[object] = Counter()
    for number in range(MUTATIONS):
        # Few are messages by chance: of every other one, the next that is.
        while not parses(pb.ModelInferRequest, data := mutated(chance)) and number % 2:
            pass
        code, details = await outcome(channel, "ModelInfer", data)
        assert code in PROPER, (number, code, details)
        assert details or code is grpc.StatusCode.OK
        codes[code] += 1
    assert min(codes[grpc.StatusCode.OK], codes[grpc.StatusCode.INVALID_ARGUMENT]) > MUTATIONS / 4
    response = await open_inference_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(by_raw())
    assert np.frombuffer(response.raw_output_contents[0], "<f4").shape == (14,)


async def test_noise_is_answered_by_proper_statuses_by_all_methods(
    channel: grpc.aio.Channel,
) -> None:
    chance = random.Random(7)
    service = pb.DESCRIPTOR.services_by_name["GRPCInferenceService"]
    for method in [each.name for each in service.methods if each.name != "ModelStreamInfer"] * 12:
        data = chance.randbytes(chance.choice((0, 1, 7, 40)))
        code, details = await outcome(channel, method, data)
        assert code in PROPER, (method, data, details)


async def test_a_stream_of_noise_ends_with_a_proper_status(channel: grpc.aio.Channel) -> None:
    stream = channel.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer")
    call = stream(iter([by_raw().SerializeToString(), b"\x07\x07\x07"]))
    with pytest.raises(grpc.aio.AioRpcError, match="not what this method takes") as caught:
        async for _ in call:
            pass
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
