"""A gateway over a mesh without services: faces are bright squares."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from aiohttp.test_utils import TestClient, TestServer

from maskmesh.clients.mesh.results import Box, Expression, Face, FrameFaces, KnownMasks, MaskedFace
from maskmesh.clients.web.gateway import Doors, Gateway
from maskmesh.clients.web.session import Shared
from maskmesh.services.runtime.errors import UnavailableError
from maskmesh.services.runtime.pictures import encode_jpeg


class AsyncFakeMesh:
    """The fake mesh of all clients, awaited; it answers only while its gate is open.

    Attributes:
        gate: Open unless a test closes it.
        under_way: How many frames are being located now.
        most_under_way: The most at once so far.
    """

    def __init__(self, mesh: Any) -> None:
        self.mesh = mesh
        self.gate = asyncio.Event()
        self.gate.set()
        self.under_way = 0
        self.most_under_way = 0

    async def locate(self, image: Any) -> list[Face]:
        await self.gate.wait()
        return self.mesh.locate(image)

    def open_location_stream(self) -> AsyncFakeStream:
        return AsyncFakeStream(self, self.mesh.open_location_stream())

    async def classify(self, faces: Any) -> list[Expression]:
        return self.mesh.classify(faces)

    async def apply_mask(
        self, image: Any, box: Box | None, style: str, colour: str, seed: int
    ) -> MaskedFace:
        return self.mesh.apply_mask(image, box, style, colour, seed)


class AsyncFakeStream:
    def __init__(self, mesh: AsyncFakeMesh, stream: Any) -> None:
        self._mesh = mesh
        self._stream = stream

    async def send(self, picture: Any, capture_time_s: float | None = None) -> None:
        self._stream.send(picture, capture_time_s)

    async def receive(self) -> FrameFaces:
        mesh = self._mesh
        mesh.under_way += 1
        mesh.most_under_way = max(mesh.most_under_way, mesh.under_way)
        try:
            await mesh.gate.wait()
        finally:
            mesh.under_way -= 1
        return self._stream.receive()

    def close(self) -> None:
        self._stream.close()


class FakeWatch:
    """Tells of absences, and lets a test say when the mesh is back."""

    def __init__(self) -> None:
        self.errors: list[UnavailableError] = []
        self.back = asyncio.Event()

    async def until_back(self, error: UnavailableError) -> None:
        self.errors.append(error)
        await self.back.wait()


@pytest.fixture
async def mesh(fake_mesh: Any) -> AsyncFakeMesh:
    return AsyncFakeMesh(fake_mesh)


@pytest.fixture
async def watch() -> FakeWatch:
    return FakeWatch()


@pytest.fixture
async def open_gateway(mesh: AsyncFakeMesh, watch: FakeWatch) -> AsyncIterator[Callable[..., Any]]:
    """Starts a gateway on loopback and returns a client of it."""
    pool = ThreadPoolExecutor(2)
    clients: list[TestClient[Any, Any]] = []

    async def start(
        turns: int = 2, max_frame_bytes: int = 2**21, **doors: Any
    ) -> TestClient[Any, Any]:
        known = KnownMasks(("surgical", "cloth"), ("white", "black"), ("plain",), ("proper",))
        shared = Shared(mesh, watch, pool, asyncio.Semaphore(turns), known, max_frame_bytes)
        client = TestClient(TestServer(Gateway(shared, Doors(**doors)).application()))
        await client.start_server()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()
    pool.shutdown(cancel_futures=True)


@pytest.fixture
def connect() -> Callable[..., Any]:
    """Opens a WebSocket as the gateway's own page does, and takes the greeting."""

    async def open_socket(client: TestClient[Any, Any]) -> Any:
        origin = f"http://127.0.0.1:{client.port}"
        socket = await client.ws_connect("/socket", headers={"Origin": origin})
        assert (await socket.receive_json(timeout=10))["type"] == "hello"
        return socket

    return open_socket


@pytest.fixture
async def socket(open_gateway: Callable[..., Any], connect: Callable[..., Any]) -> Any:
    """A page's WebSocket to a gateway of its own."""
    return await connect(await open_gateway())


@pytest.fixture
def frame_message(picture: Callable[..., np.ndarray]) -> Callable[..., bytes]:
    """Makes the message of a frame with one square of a brightness; 0 for none."""

    def make(number: int, brightness: int = 90, kind: int = 0, squares: Any = None) -> bytes:
        if squares is None:
            squares = [(30, 20, 60, brightness)] if brightness else []
        header = struct.pack(">BId", kind, number, number * 100.0)
        return header + encode_jpeg(picture(*squares)[:, :, ::-1], 95)

    return make
