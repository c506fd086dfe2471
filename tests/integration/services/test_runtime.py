"""What every service gets from the runtime: health, reflection, drain, refusal of a used port."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from structlog.testing import capture_logs

from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.server import HostedService, ServerSettings, start_server
from maskmesh.v1 import synthesis_pb2 as pb
from maskmesh.v1 import synthesis_pb2_grpc

NAME = "maskmesh.v1.MaskSynthesisService"


class Slow(synthesis_pb2_grpc.MaskSynthesisServiceServicer):
    """Answers when it is told to; fails in a way that no servicer should."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.release = asyncio.Event()

    async def ListMasks(self, request, context):
        self.entered.set()
        await self.release.wait()
        return pb.ListMasksResponse(styles=["late"])

    async def Apply(self, request, context):
        raise KeyError("a path that callers must not see")

    async def ApplyStream(self, request_iterator, context):
        async for item in request_iterator:
            yield pb.ApplyStreamResponse(request_id=item.request_id)
            raise KeyError("a path that callers must not see")


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def hosted(slow: Slow) -> HostedService:
    return HostedService(
        "slow",
        (NAME,),
        lambda server: synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(slow, server),
    )


async def test_health_names_the_service_and_the_server(host, hosted: HostedService) -> None:
    _, channel = await host(hosted, ServerSettings())
    stub = health_pb2_grpc.HealthStub(channel)
    for name in ("", NAME):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(health_pb2.HealthCheckRequest(service="maskmesh.v1.Other"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_reflection_lists_the_services(host, hosted: HostedService) -> None:
    _, channel = await host(hosted, ServerSettings())
    call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo()
    await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
    answer = await call.read()
    await call.done_writing()
    names = {service.name for service in answer.list_services_response.service}
    assert {NAME, "grpc.health.v1.Health"} <= names


async def test_drain_lets_a_running_call_end_and_refuses_new_ones(
    host, hosted: HostedService, slow: Slow
) -> None:
    running, channel = await host(hosted, ServerSettings())
    stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
    call = stub.ListMasks(pb.ListMasksRequest())
    await slow.entered.wait()
    draining = asyncio.create_task(running.drain(grace_s=20))
    await asyncio.sleep(0.1)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ListMasks(pb.ListMasksRequest())
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    slow.release.set()
    assert (await call).styles == ["late"]
    await draining


async def test_what_servicers_use_is_ended_after_the_last_call(
    host, hosted: HostedService, slow: Slow
) -> None:
    order: list[str] = []

    async def finish() -> None:
        order.append("finish")

    running, channel = await host(replace(hosted, finish=finish), ServerSettings())
    call = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel).ListMasks(pb.ListMasksRequest())
    call.add_done_callback(lambda _: order.append("answer"))
    await slow.entered.wait()
    draining = asyncio.create_task(running.drain(grace_s=20))
    await asyncio.sleep(0.2)
    assert order == []
    slow.release.set()
    await asyncio.gather(draining, call)
    assert sorted(order) == ["answer", "finish"]


async def test_callers_are_told_to_try_again_while_a_server_drains(
    host, hosted: HostedService, slow: Slow
) -> None:
    running, channel = await host(hosted, ServerSettings())
    stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
    slow.release.set()
    codes: set[grpc.StatusCode] = set()

    async def call_until_refused() -> None:
        try:
            while True:
                await stub.ListMasks(pb.ListMasksRequest())
        except grpc.aio.AioRpcError as error:
            codes.add(error.code())

    callers = [asyncio.create_task(call_until_refused()) for _ in range(16)]
    await slow.entered.wait()
    await running.drain(grace_s=20)
    await asyncio.gather(*callers)
    assert codes == {grpc.StatusCode.UNAVAILABLE}


async def test_a_call_longer_than_the_grace_is_cancelled(
    host, hosted: HostedService, slow: Slow
) -> None:
    running, channel = await host(hosted, ServerSettings())
    call = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel).ListMasks(pb.ListMasksRequest())
    await slow.entered.wait()
    await running.drain(grace_s=0.05)
    with pytest.raises(grpc.aio.AioRpcError):
        await call


async def test_an_unforeseen_error_is_internal_and_says_nothing(
    host, hosted: HostedService
) -> None:
    _, channel = await host(hosted, ServerSettings())
    stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
    with pytest.raises(grpc.aio.AioRpcError, match="internal error, see the service's log") as one:
        await stub.Apply(pb.ApplyRequest())
    call = stub.ApplyStream(iter([pb.ApplyStreamRequest(request_id=4)]))
    assert (await call.read()).request_id == 4
    with pytest.raises(grpc.aio.AioRpcError) as two:
        await call.read()
    for caught in (one, two):
        assert caught.value.code() is grpc.StatusCode.INTERNAL
        assert "path" not in str(caught.value.details())


async def test_a_used_port_is_refused(host, hosted: HostedService) -> None:
    running, _ = await host(hosted, ServerSettings())
    with pytest.raises(SetupError, match=r"port is in use .* --port"):
        await start_server(ServerSettings(port=running.port), hosted)


async def test_work_beside_the_server_ends_with_it(host, slow: Slow) -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    hosted = HostedService("slow", (NAME,), lambda server: None, beside=work)
    running, _ = await host(hosted, ServerSettings())
    await started.wait()
    assert not ended.is_set()
    await running.drain(0)
    await ended.wait()


async def test_work_beside_the_server_that_fails_is_logged(host, hosted: HostedService) -> None:
    async def work() -> None:
        raise KeyError("bug")

    with capture_logs() as lines:
        _, channel = await host(replace(hosted, beside=work), ServerSettings())
        stub = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=NAME))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    failed = [line for line in lines if line["event"] == "work beside the server failed"]
    assert [repr(line["exc_info"]) for line in failed] == ["KeyError('bug')"]
