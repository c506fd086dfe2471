"""Channels to the services: message sizes, reconnection, readiness."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from maskmesh.clients.mesh.failures import error_from_call
from maskmesh.clients.mesh.security import PLAIN, Security
from maskmesh.services.runtime.errors import UnavailableError
from maskmesh.services.runtime.observing.tracing import traced_channel

# A picture has at most 16 MiB; an answer may be a picture too, and PNG of noise is larger than raw.
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # A service that comes back is found again within half a second, not after gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    # A service whose machine is gone is noticed while an answer is awaited, not only by deadlines.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
)
_PAUSE_S = 0.05


def open_channel(address: str, security: Security = PLAIN) -> grpc.Channel:
    """Open a channel to host:port; it connects when the first call is made.

    Raises:
        InvalidInputError: The security's parts do not fit together, or not to the address.
        SetupError: A file of the security cannot be read.
    """
    return traced_channel(security.open(address, CHANNEL_OPTIONS))


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
        AccessError: It does not know our key.
    """
    stub: Any = health_pb2_grpc.HealthStub(channel)  # its stubs name no methods
    end = time.monotonic() + timeout_s
    state = "nothing listens there"
    while True:
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=1.0)
        except grpc.RpcError as error:
            state = _state(error, state, address)
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


def _state(error: grpc.RpcError, before: str, address: str) -> str:
    """Return what a failed health check says of a service.

    Raises:
        AccessError: It does not let us in, and will not by waiting.
    """
    if not isinstance(error, grpc.Call):
        return before
    code = error.code()
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        raise error_from_call(error, address) from error
    if code is not grpc.StatusCode.UNAVAILABLE:
        return f"its health check ends with {code.name}"
    if "andshake" in (error.details() or ""):
        return "its TLS certificate is not one that we trust, or ours is not one that it trusts"
    if "onnection reset" in (error.details() or "") or "ocket closed" in (error.details() or ""):
        return "it closes the connection: does it speak TLS? Then give --tls or --tls-ca"
    return before
