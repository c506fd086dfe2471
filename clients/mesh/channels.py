"""Channels to the services: message sizes, reconnection, readiness."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from maskmesh.services.runtime.errors import UnavailableError

# A picture has at most 16 MiB; an answer may be a picture too, and PNG of noise is larger than raw.
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # A service that comes back is found again within half a second, not after gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)
_PAUSE_S = 0.05


def open_channel(address: str) -> grpc.Channel:
    """Open a channel to host:port; it connects when the first call is made."""
    return grpc.insecure_channel(address, options=CHANNEL_OPTIONS)


def wait_until_serving(
    channel: grpc.Channel,
    address: str,
    timeout_s: float,
    still_hoping: Callable[[], None] | None = None,
) -> None:
    """Wait until a server's health service says SERVING.

    Args:
        channel: Channel to the server.
        address: Its host and port, for messages.
        timeout_s: How long to wait, in seconds.
        still_hoping: Called between tries; may raise what makes further waiting pointless.

    Raises:
        UnavailableError: It does not serve within the time.
    """
    stub: Any = health_pb2_grpc.HealthStub(channel)  # its stubs name no methods
    end = time.monotonic() + timeout_s
    state = "nothing listens there"
    while True:
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=1.0)
        except grpc.RpcError as error:
            if isinstance(error, grpc.Call) and error.code() is not grpc.StatusCode.UNAVAILABLE:
                state = f"its health check ends with {error.code().name}"
        else:
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
            state = "it is up but not serving"
        if still_hoping is not None:
            still_hoping()
        if time.monotonic() >= end:
            raise UnavailableError(
                f"no service at {address} within {timeout_s:g} s ({state}): "
                "start one with `maskmesh up`"
            )
        time.sleep(_PAUSE_S)
