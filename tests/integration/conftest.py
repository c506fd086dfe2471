"""Real servers on loopback, in the event loop of the test, on free ports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import grpc.aio
import pytest

from maskmesh.services.runtime.server import (
    HostedService,
    RunningServer,
    ServerSettings,
    start_server,
)

Host = Callable[[HostedService, ServerSettings], Awaitable[tuple[RunningServer, grpc.aio.Channel]]]


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """Hosts services and gives a channel to each; all is stopped after the test."""
    opened: list[tuple[RunningServer, grpc.aio.Channel]] = []

    async def start(
        hosted: HostedService, settings: ServerSettings
    ) -> tuple[RunningServer, grpc.aio.Channel]:
        running = await start_server(settings, hosted)
        # The server's limit on messages is under test, not the client's.
        options = [("grpc.max_send_message_length", -1)]
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.port}", options)
        opened.append((running, channel))
        return running, channel

    yield start
    for running, channel in opened:
        await channel.close()
        await running.drain(0)
