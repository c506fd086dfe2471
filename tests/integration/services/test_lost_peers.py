"""Connections whose other end is gone without a word, and the ways a service ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from maskmesh.services.runtime.readiness import address_in
from maskmesh.services.runtime.server import HostedService, ServerSettings
from maskmesh.v1 import synthesis_pb2 as pb
from maskmesh.v1 import synthesis_pb2_grpc


class Open(synthesis_pb2_grpc.MaskSynthesisServiceServicer):
    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def ApplyStream(self, request_iterator, context):
        try:
            async for item in request_iterator:
                yield pb.ApplyStreamResponse(request_id=item.request_id)
        finally:
            self.ended.set()


class Wire:
    """Carries bytes between a client and a server until it is cut, which neither is told."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._cut = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._cut.set()

    def close(self) -> None:
        for one in (self._listening, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        near, _ = self._listening.accept()
        far = socket.create_connection(("127.0.0.1", self._to))
        self._sockets += [near, far]
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._cut.is_set():
                    target.sendall(data)


async def test_a_connection_without_an_other_end_is_freed(host) -> None:
    servicer = Open()
    hosted = HostedService(
        "open",
        (),
        lambda server: synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(
            servicer, server
        ),
    )
    running, _ = await host(hosted, ServerSettings(keepalive_s=1, keepalive_timeout_s=0.5))
    wire = Wire(running.port)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{wire.port}") as channel:
            stream = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel).ApplyStream()
            await stream.write(pb.ApplyStreamRequest(request_id=1))
            assert (await stream.read()).request_id == 1
            wire.cut()
            await servicer.ended.wait()
            stream.cancel()
    finally:
        wire.close()


@pytest.fixture
def service() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "maskmesh.cli.main", "serve", "location", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--grace-s", "60", "--drain-delay-s", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_a_service_says_that_it_goes_before_it_refuses_and_a_second_signal_ends_it(
    service: subprocess.Popen[str],
) -> None:
    address = address_in(service.stdout.readline(), "location")
    assert address is not None
    with grpc.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        states = stub.Watch(health_pb2.HealthCheckRequest(), timeout=60)
        assert next(states).status == health_pb2.HealthCheckResponse.SERVING
        service.send_signal(signal.SIGTERM)
        assert next(states).status == health_pb2.HealthCheckResponse.NOT_SERVING
        # Calls are still taken: load balancers may not have noticed yet.
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
        # The open watch would hold it for the grace of a minute.
        service.send_signal(signal.SIGTERM)
        assert service.wait(20) == 0
        with pytest.raises(grpc.RpcError):
            next(states)
