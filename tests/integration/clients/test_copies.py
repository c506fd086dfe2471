"""Two copies of the classification service behind one client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from maskmesh.clients.mesh import AsyncMeshClient, MeshAddresses, MeshClient
from maskmesh.services.classification.servicer import build
from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.runtime.server import start_server
from maskmesh.v1 import classification_pb2_grpc


class Copy:
    """One copy, which counts the calls that reach it."""

    def __init__(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.settings = ClassificationSettings(port=0, repository=repository, reload_s=0)
        self.hosted = build(self.settings)
        self._patch = monkeypatch

    async def start(self) -> None:
        name = "add_ExpressionClassificationServiceServicer_to_server"
        add = getattr(classification_pb2_grpc, name)

        def add_counted(servicer, server):
            answer = servicer.Classify

            async def counted(request, context):
                self.calls += 1
                return await answer(request, context)

            servicer.Classify = counted
            add(servicer, server)

        with self._patch.context() as patch:
            patch.setattr(classification_pb2_grpc, name, add_counted)
            self.running = await start_server(self.settings, self.hosted)


class Threads:
    """The synchronous client, called from asyncio."""

    def __init__(self, addresses: MeshAddresses) -> None:
        self._client = MeshClient(addresses)

    async def classify(self, faces):
        return await asyncio.to_thread(self._client.classify, faces)

    async def close(self) -> None:
        await asyncio.to_thread(self._client.close)


async def ask(client, times: int) -> None:
    for _ in range(times):
        (answer,) = await client.classify([np.full((48, 48), 200, np.uint8)])
        assert answer.model_version == "3"


@pytest.mark.parametrize("make", [Threads, AsyncMeshClient])
async def test_a_copy_that_stops_costs_no_call(brightness_repository, monkeypatch, make) -> None:
    first, second = (Copy(brightness_repository, monkeypatch) for _ in range(2))
    await first.start()
    await second.start()
    target = f"ipv4:127.0.0.1:{first.running.port},127.0.0.1:{second.running.port}"
    client = make(MeshAddresses(target, target, target))
    try:
        while not (first.calls and second.calls):  # both lines are up after a few calls
            await ask(client, 1)
        callers = [asyncio.create_task(ask(client, 50)) for _ in range(4)]
        await asyncio.sleep(0)
        await first.running.drain(5)
        await asyncio.gather(*callers)
        gone, before = first.calls, second.calls
        await ask(client, 10)
        assert (first.calls, second.calls) == (gone, before + 10)
    finally:
        await client.close()
        await second.running.drain(0)
