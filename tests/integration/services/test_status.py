"""Statuses with long texts, over the wire."""

from __future__ import annotations

import grpc
import grpc.aio
import pytest

from maskmesh.clients.mesh.failures import error_from_call
from maskmesh.services.runtime.errors import InvalidInputError, MaskmeshError, OverloadedError
from maskmesh.services.runtime.server import HostedService, ServerSettings
from maskmesh.v1 import synthesis_pb2 as pb
from maskmesh.v1 import synthesis_pb2_grpc


class Refusing(synthesis_pb2_grpc.MaskSynthesisServiceServicer):
    def __init__(self, error: MaskmeshError) -> None:
        self.error = error

    async def ListMasks(self, request, context):
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInputError("口" * 20_000), grpc.StatusCode.INVALID_ARGUMENT),
        (OverloadedError("口" * 20_000, 1.5), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
async def test_a_long_text_does_not_hide_the_status(host, error, code) -> None:
    servicer = Refusing(error)
    hosted = HostedService(
        "refusing",
        (),
        lambda server: synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(
            servicer, server
        ),
    )
    _, channel = await host(hosted, ServerSettings(port=0))
    stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ListMasks(pb.ListMasksRequest())
    assert caught.value.code() is code
    assert caught.value.details().startswith("口口口")
    error_seen = error_from_call(caught.value, "here")
    assert type(error_seen) is type(error)
    if isinstance(error_seen, OverloadedError):
        assert error_seen.retry_after_s == 1.5
