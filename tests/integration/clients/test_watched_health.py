"""Clients with a key, and services whose health is watched."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from maskmesh.clients.mesh import AsyncMeshClient, MeshAddresses, MeshClient, Security
from maskmesh.services.runtime.errors import UnavailableError
from maskmesh.services.runtime.server import HostedService, ServerSettings
from maskmesh.v1 import synthesis_pb2 as pb
from maskmesh.v1 import synthesis_pb2_grpc

SECRET = "a-key-for-this-test"


class Quick(synthesis_pb2_grpc.MaskSynthesisServiceServicer):
    async def ListMasks(self, request, context):
        return pb.ListMasksResponse(styles=["quick"])


@pytest.fixture
def serve(host, tmp_path: Path):
    keys = tmp_path / "keys"
    keys.write_text(f"tester {SECRET}\n")

    async def start(*, open_health: bool) -> MeshAddresses:
        hosted = HostedService(
            "quick",
            (),
            lambda server: synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(
                Quick(), server
            ),
        )
        settings = ServerSettings(keys_file=keys, open_health=open_health)
        running, _ = await host(hosted, settings)
        target = f"dns:///127.0.0.1:{running.port}"
        return MeshAddresses(target, target, target)

    return start


async def styles(kind: type, addresses: MeshAddresses, security: Security) -> tuple[str, ...]:
    if kind is AsyncMeshClient:
        async with AsyncMeshClient(addresses, security=security) as client:
            return (await client.list_masks()).styles

    def work() -> tuple[str, ...]:
        with MeshClient(addresses, security=security) as client:
            return client.list_masks().styles

    return await asyncio.to_thread(work)


@pytest.mark.parametrize("kind", [MeshClient, AsyncMeshClient])
async def test_open_health_is_watched_and_closed_health_need_not_be(serve, kind) -> None:
    assert await styles(kind, await serve(open_health=True), Security(token=SECRET)) == ("quick",)
    closed = await serve(open_health=False)
    with pytest.raises(UnavailableError, match="--no-open-health"):
        await styles(kind, closed, Security(token=SECRET))
    unwatched = Security(token=SECRET, open_health=False)
    assert await styles(kind, closed, unwatched) == ("quick",)
