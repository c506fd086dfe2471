from __future__ import annotations

import asyncio
import contextlib
import threading

import grpc
import numpy as np
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2
from grpc_status import rpc_status

from maskmesh.clients.mesh import AsyncMeshClient, KnownMasks, MeshAddresses, Security, Timeouts
from maskmesh.clients.mesh.security import stays_on_machine
from maskmesh.services.runtime.errors import (
    DeadlineError,
    InvalidInputError,
    OverloadedError,
    UnavailableError,
)

from .both import gray


@contextlib.asynccontextmanager
async def client_of(running, **options):
    async with AsyncMeshClient(running.addresses, **options) as client:
        yield client


async def test_it_answers_what_the_other_client_answers(running, client):
    async with client_of(running) as mesh:
        await mesh.wait_until_ready(5.0)
        assert await mesh.locate(gray(7)) == await asyncio.to_thread(client.locate, gray(7))
        faces = [gray(i) for i in range(70)]
        assert await mesh.classify(faces) == await asyncio.to_thread(client.classify, faces)
        assert isinstance(await mesh.list_masks(), KnownMasks)
        masked = await mesh.apply_mask(gray(5), (1, 2, 3, 4), "cloth", seed=3, pattern="dots")
    np.testing.assert_array_equal(masked.image, gray(5))
    assert (masked.style, masked.pattern) == ("cloth", "dots")


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_stream_answers_in_order_and_goes_on_after_a_problem(running, asynchronous):
    frames = [gray(v) for v in (1, 13, 3)]

    async def slowly():
        for frame in frames:
            yield frame

    async with client_of(running) as mesh:
        source = slowly() if asynchronous else frames
        answers = [answer async for answer in mesh.locate_stream(source, fps=8)]
    assert [answer.problem for answer in answers] == [None, "unlucky", None]
    assert [face.track for answer in answers for face in answer.faces] == [1, 3]
    assert running.services.capture_times == [0, 125_000, 250_000]


async def test_a_stream_that_hangs_ends_in_a_deadline(running):
    running.services.before_answer = _wait
    async with client_of(running, timeouts=Timeouts(locate=0.1)) as mesh:
        with pytest.raises(DeadlineError, match="did not answer a frame"):
            _ = [answer async for answer in mesh.locate_stream([gray(1)])]


def _wait(context: grpc.ServicerContext) -> None:
    ended = threading.Event()
    if context.add_callback(ended.set):
        ended.wait(10)


def refuse(context: grpc.ServicerContext) -> None:
    hint = error_details_pb2.RetryInfo()
    hint.retry_delay.FromMilliseconds(250)
    status = status_pb2.Status(code=8, message="too many streams")
    status.details.add().Pack(hint)
    context.abort_with_status(rpc_status.to_status(status))


async def test_a_refused_stream_says_overload_and_when_to_come_back(running):
    running.services.before_answer = refuse
    async with client_of(running) as mesh:
        stream = mesh.open_location_stream()
        await stream.send(gray(1))
        with pytest.raises(OverloadedError, match="too many streams") as caught:
            await stream.receive()
    assert caught.value.retry_after_s == 0.25


async def test_a_stream_refused_while_frames_are_sent_may_be_tried_again(running):
    running.services.before_answer = refuse
    async with client_of(running) as mesh:
        for _ in range(20):
            stream = mesh.open_location_stream()
            with pytest.raises(UnavailableError, match=r"too many streams|too much to do"):  # noqa: PT012
                for _ in range(200):
                    await stream.send(gray(1, 400))
                await stream.receive()


async def test_receiving_without_sending_is_a_mistake(running):
    async with client_of(running) as mesh:
        stream = mesh.open_location_stream()
        with pytest.raises(ValueError, match="call send first"):
            await stream.receive()
        stream.close()


async def test_ready_only_when_the_health_service_says_so(running):
    async with client_of(running) as mesh:
        running.health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        with pytest.raises(UnavailableError, match=r"up but not serving.*maskmesh up"):
            await mesh.wait_until_ready(0.0)


async def test_the_key_goes_with_every_kind_of_call(running):
    keys = []

    def note(context: grpc.ServicerContext) -> None:
        keys.append(dict(context.invocation_metadata()).get("authorization"))

    running.services.before_answer = note
    async with client_of(running, security=Security(token="abc")) as mesh:
        await mesh.locate(gray(1))
        _ = [answer async for answer in mesh.locate_stream([gray(1)])]
    assert keys == ["Bearer abc"] * 2


async def test_a_key_does_not_go_over_a_network_in_plain_text():
    with pytest.raises(InvalidInputError, match="plain text"):
        AsyncMeshClient.connect("mesh.example:1", security=Security(token="abc"))


@pytest.mark.parametrize(
    ("target", "stays"),
    [
        ("127.0.0.1:1", True),
        ("[::1]:1", True),
        ("dns:///localhost:1", True),
        ("ipv4:127.0.0.1:1,127.0.0.1:2", True),
        ("ipv4:127.0.0.1:1,10.0.0.1:2", False),
        ("dns:///mesh.example:1", False),
        ("unix:/run/mesh", True),
    ],
)
def test_what_stays_on_the_machine(target, stays):
    assert stays_on_machine(target) is stays


def test_a_mesh_is_found_at_each_address_of_a_target():
    assert MeshAddresses.at("ipv4:10.0.0.1:5,10.0.0.2:8").classification == (
        "ipv4:10.0.0.1:7,10.0.0.2:10"
    )
    assert MeshAddresses.at("dns:///mesh:5").synthesis == "dns:///mesh:6"
