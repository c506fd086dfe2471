"""Channels to the services: message sizes, reconnection, balancing, retries, keepalive."""

from __future__ import annotations

import json
from typing import Any

import grpc
import grpc.aio

from maskmesh.clients.mesh.calls import IDEMPOTENT
from maskmesh.clients.mesh.options import Options, Retries
from maskmesh.clients.mesh.security import PLAIN, Security
from maskmesh.services.runtime.observing.tracing import traced_channel

# A picture has at most 16 MiB; an answer may be a picture too, and PNG of noise is larger than raw.
MAX_MESSAGE_BYTES = 64 * 1024 * 1024


def open_channel(target: str, security: Security = PLAIN) -> grpc.Channel:
    """Open a channel with the usual options; see `open_channel_with`."""
    return open_channel_with(target, Options(security=security))


def open_channel_with(target: str, options: Options) -> grpc.Channel:
    """Open a channel; it connects when the first call is made.

    Args:
        target: host:port, or a target of gRPC.
        options: How its calls are made.

    Raises:
        InvalidInputError: The security's parts do not fit together, or not to the target.
        SetupError: A file of the security cannot be read.
    """
    return traced_channel(options.security.open(target, channel_options(target, options)))


def open_async_channel(target: str, options: Options) -> grpc.aio.Channel:
    """Open a channel of asyncio, in a running event loop; see `open_channel_with`."""
    return options.security.open_async(target, channel_options(target, options))


def channel_options(target: str, options: Options) -> tuple[tuple[str, Any], ...]:
    """Return the options of gRPC that channels are opened with."""
    keepalive = options.keepalive
    # gRPC's own health watch carries no key; call credentials would give it one, but gRPC's Python
    # stack starts a thread for them in every call.
    watched = _may_have_copies(target) and options.security.open_health
    return (
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        # A service that comes back is found within half a second, not after gRPC's two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 500),
        # In spite of its name: how long a connection may take, TLS included, to be made.
        ("grpc.min_reconnect_backoff_ms", 5000),
        # A service whose machine is gone is noticed while an answer is awaited.
        ("grpc.keepalive_time_ms", round(keepalive.time_s * 1000)),
        ("grpc.keepalive_timeout_ms", round(keepalive.timeout_s * 1000)),
        ("grpc.http2.ping_timeout_ms", round(keepalive.timeout_s * 1000)),
        # What is larger than gRPC's buffer is never sent again; its default is 256 KiB.
        ("grpc.per_rpc_retry_buffer_size", MAX_MESSAGE_BYTES),
        ("grpc.service_config", json.dumps(service_config(options.retries, watched))),
        # Settings of the caller hold, not those that a name server may hand out.
        ("grpc.service_config_disable_resolution", 1),
    )


def _may_have_copies(target: str) -> bool:
    return "," in target or target.startswith("dns:")


def service_config(retries: Retries, watched: bool) -> dict[str, Any]:
    """Return gRPC's service config: calls go to all addresses in turn, idempotent ones again.

    Health checks are not sent again: who waits for a service asks again anyway, and the many
    failures of one that is down would use up the budget. Streams are never sent again.

    Args:
        retries: How they are sent again.
        watched: Whether addresses whose health service says NOT_SERVING are passed over; a copy
            that drains is left before it refuses calls, which would use up the budget.
    """
    config: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
    if watched:
        config["healthCheckConfig"] = {"serviceName": ""}
    if retries.attempts == 1:
        return config
    names = []
    for method in IDEMPOTENT:
        _, service, name = method.split("/")
        names.append({"service": service, "method": name})
    policy = {
        "maxAttempts": retries.attempts,
        "initialBackoff": f"{retries.initial_backoff_s:.3f}s",
        "maxBackoff": f"{retries.max_backoff_s:.3f}s",
        "backoffMultiplier": retries.multiplier,
        "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
    }
    budget = {"maxTokens": retries.budget_tokens, "tokenRatio": retries.budget_ratio}
    config["methodConfig"] = [{"name": names, "retryPolicy": policy}]
    config["retryThrottling"] = budget
    return config
