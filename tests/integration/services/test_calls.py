"""What every call meets before its servicer: limits, statuses, slow readers, metrics, logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import grpc
import grpc.aio
import numpy as np
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from maskmesh.clients.mesh import MeshClient
from maskmesh.services.runtime.errors import OverloadedError
from maskmesh.services.runtime.observing import metrics
from maskmesh.services.runtime.observing.instruments import Instruments
from maskmesh.services.runtime.processes import MeshAddresses
from maskmesh.services.runtime.server import HostedService, ServerSettings
from maskmesh.v1 import common_pb2, synthesis_pb2_grpc
from maskmesh.v1 import synthesis_pb2 as pb

NAME = "maskmesh.v1.MaskSynthesisService"
APPLY, LIST, STREAM = (f"/{NAME}/{method}" for method in ("Apply", "ListMasks", "ApplyStream"))


class Held(synthesis_pb2_grpc.MaskSynthesisServiceServicer):
    """Holds calls until it is told to let them go; streams answer as much as is read."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.entered = 0
        self.ended = asyncio.Event()

    async def ListMasks(self, request, context):
        self.entered += 1
        await self.release.wait()
        return pb.ListMasksResponse(styles=["late"])

    async def Apply(self, request, context):
        raise OverloadedError("the queue is full: try again later", 0.25)

    async def ApplyStream(self, request_iterator, context) -> AsyncIterator[pb.ApplyStreamResponse]:
        self.entered += 1
        try:
            async for item in request_iterator:
                for _ in range(max(1, item.apply.seed)):
                    picture = common_pb2.Image(encoded=b"x" * item.apply.jpeg_quality * 10_000)
                    answer = pb.ApplyResponse(image=picture)
                    yield pb.ApplyStreamResponse(request_id=item.request_id, applied=answer)
        finally:
            self.ended.set()


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def hosted(held: Held) -> HostedService:
    return HostedService(
        "held",
        (NAME,),
        lambda server: synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(held, server),
    )


@pytest.fixture
def registry() -> Iterator[CollectorRegistry]:
    own = CollectorRegistry()
    metrics.listen(Instruments("held", own))
    yield own
    metrics.listen(None)


async def until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def refused(call) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def read_to_end(call) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


def retry_delay_s(error: grpc.aio.AioRpcError) -> float:
    status = rpc_status.from_call(error_as_call(error))
    hint = error_details_pb2.RetryInfo()
    assert status.details[0].Unpack(hint)
    return hint.retry_delay.ToNanoseconds() / 1e9


def error_as_call(error: grpc.aio.AioRpcError):
    class Call:
        code, details = error.code, error.details

        def trailing_metadata(self):
            return tuple(error.trailing_metadata())

    return Call()


async def test_an_overload_tells_when_to_try_again(host, hosted: HostedService) -> None:
    _, channel = await host(hosted, ServerSettings())
    error = await refused(
        synthesis_pb2_grpc.MaskSynthesisServiceStub(channel).Apply(pb.ApplyRequest())
    )
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.details() == "the queue is full: try again later"
    assert retry_delay_s(error) == 0.25


async def test_our_client_takes_an_overload_for_what_it_is(host, hosted: HostedService) -> None:
    running, _ = await host(hosted, ServerSettings())
    address = f"127.0.0.1:{running.port}"

    def apply() -> None:
        with MeshClient(MeshAddresses(address, address, address)) as client:
            client.apply_mask(np.zeros((48, 48), np.uint8))

    with pytest.raises(OverloadedError, match="the queue is full") as caught:
        await asyncio.to_thread(apply)
    assert caught.value.retry_after_s == 0.25


async def test_calls_over_the_limit_are_refused_and_the_others_answered(
    host, hosted: HostedService, held: Held, registry: CollectorRegistry
) -> None:
    _, channel = await host(hosted, ServerSettings(max_calls=2))
    stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
    under_way = [stub.ListMasks(pb.ListMasksRequest()) for _ in range(2)]
    await until(lambda: held.entered == 2)
    assert registry.get_sample_value("maskmesh_calls_in_flight", {"method": LIST}) == 2
    error = await refused(stub.ListMasks(pb.ListMasksRequest()))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_delay_s(error) > 0
    health = health_pb2_grpc.HealthStub(channel)
    assert (await health.Check(health_pb2.HealthCheckRequest())).status == 1
    watched = health.Watch(health_pb2.HealthCheckRequest())
    assert (await watched.read()).status == 1
    watched.cancel()
    held.release.set()
    assert [(await call).styles for call in under_way] == [["late"], ["late"]]
    assert (await stub.ListMasks(pb.ListMasksRequest())).styles == ["late"]
    value = registry.get_sample_value
    assert value("maskmesh_refusals_total", {"reason": "in_flight"}) == 1
    assert value("maskmesh_calls_total", {"method": LIST, "code": "OK"}) == 3
    assert value("maskmesh_calls_total", {"method": LIST, "code": "RESOURCE_EXHAUSTED"}) == 1
    assert value("maskmesh_calls_in_flight", {"method": LIST}) == 0


async def test_a_cancelled_call_gives_its_place_back(
    host, hosted: HostedService, held: Held, registry: CollectorRegistry
) -> None:
    _, channel = await host(hosted, ServerSettings(max_calls=1))
    stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
    call = stub.ListMasks(pb.ListMasksRequest())
    await until(lambda: held.entered == 1)
    call.cancel()
    cancelled = {"method": LIST, "code": "CANCELLED"}
    await until(lambda: registry.get_sample_value("maskmesh_calls_total", cancelled) == 1)
    error = await refused(stub.ListMasks(pb.ListMasksRequest(), timeout=0.2))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    late = {"method": LIST, "code": "DEADLINE_EXCEEDED"}
    await until(lambda: registry.get_sample_value("maskmesh_calls_total", late) == 1)
    held.release.set()
    assert (await stub.ListMasks(pb.ListMasksRequest())).styles == ["late"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"max_streams": 1}, "streams"),
        ({"max_streams_per_peer": 1}, "peer_streams"),
    ],
)
async def test_streams_over_a_limit_are_refused(
    host, hosted: HostedService, registry: CollectorRegistry, settings, reason: str
) -> None:
    _, channel = await host(hosted, ServerSettings(**settings))
    stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
    first = stub.ApplyStream()
    await first.write(pb.ApplyStreamRequest(request_id=1))
    assert (await first.read()).request_id == 1
    second = stub.ApplyStream()
    error = await refused(second.read())
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_delay_s(error) > 0
    assert registry.get_sample_value("maskmesh_refusals_total", {"reason": reason}) == 1
    await first.done_writing()
    assert await first.read() is grpc.aio.EOF
    third = stub.ApplyStream()
    await third.write(pb.ApplyStreamRequest(request_id=3))
    assert (await third.read()).request_id == 3
    third.cancel()


async def test_a_stream_that_is_not_read_is_ended(
    host, hosted: HostedService, held: Held, registry: CollectorRegistry
) -> None:
    running, channel = await host(hosted, ServerSettings(slow_reader_s=0.3, max_streams=1))
    stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
    call = stub.ApplyStream()
    # A thousand answers of a megabyte: what gRPC keeps on both sides is full before them.
    item = pb.ApplyStreamRequest(request_id=1, apply=pb.ApplyRequest(jpeg_quality=100, seed=1000))
    await call.write(item)
    await held.ended.wait()
    ended = {"method": STREAM, "code": "DEADLINE_EXCEEDED"}
    await until(lambda: registry.get_sample_value("maskmesh_calls_total", ended) == 1)
    assert registry.get_sample_value("maskmesh_stream_answers_total", {"method": STREAM}) < 1000
    # Another connection: what is not read fills this one.
    async with grpc.aio.insecure_channel(f"127.0.0.1:{running.port}") as other:
        second = synthesis_pb2_grpc.MaskSynthesisServiceStub(other).ApplyStream()
        await second.write(pb.ApplyStreamRequest(request_id=2))
        assert (await second.read()).request_id == 2
        second.cancel()
    error = await refused(read_to_end(call))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "not read for 0.3 s" in str(error.details())


async def test_calls_are_logged_with_their_code_and_nothing_that_was_sent(
    host, hosted: HostedService
) -> None:
    _, channel = await host(hosted, ServerSettings())
    stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
    with capture_logs() as lines:
        picture = common_pb2.Image(encoded=b"a face of somebody")
        await refused(stub.Apply(pb.ApplyRequest(image=picture)))
        call = stub.ApplyStream(iter([pb.ApplyStreamRequest(request_id=1)]))
        assert (await call.read()).request_id == 1
        assert await call.read() is grpc.aio.EOF
        await until(lambda: len(lines) == 2)
    told = [(line["event"], line["method"], line["code"]) for line in lines]
    assert told == [("call", APPLY, "RESOURCE_EXHAUSTED"), ("stream", STREAM, "OK")]
    assert lines[1]["answers"] == 1
    assert "face" not in repr(lines)
