"""What is known of a service that is waited for, for both clients."""

from __future__ import annotations

import time

import grpc

from maskmesh.clients.mesh.failures import WATCH_FAILED, code_of, error_from_call
from maskmesh.services.runtime.errors import UnavailableError

PAUSE_S = 0.05
"""Between two questions, in seconds."""


class Readiness:
    """The wait for one service.

    Args:
        address: Where it is, for messages.
        timeout_s: How long to wait, in seconds.
    """

    def __init__(self, address: str, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._end = time.monotonic() + timeout_s
        self._state = "nothing listens there"

    def not_serving(self) -> None:
        """Note that it answers, but does not serve yet."""
        self._state = "it is up but not serving"

    def failed(self, error: grpc.RpcError) -> None:
        """Note what a failed health check says.

        Raises:
            AccessError: It does not let us in, and will not by waiting.
        """
        code = code_of(error)
        if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
            raise error_from_call(error, self._address) from error
        if code is grpc.StatusCode.UNKNOWN:
            return
        if code is not grpc.StatusCode.UNAVAILABLE:
            self._state = f"its health check ends with {code.name}"
            return
        details = getattr(error, "details", str)() or ""
        if "backend unhealthy" in details:  # so gRPC tells that its own watch hears NOT_SERVING
            self.not_serving()
        elif WATCH_FAILED in details:
            self._state = str(error_from_call(error, self._address))
        elif "andshake" in details:
            self._state = (
                "its TLS certificate is not one that we trust, or ours is not one that it trusts"
            )
        elif "onnection reset" in details or "ocket closed" in details:
            self._state = "it closes the connection: does it speak TLS? Then give --tls or --tls-ca"

    def check_time(self) -> None:
        """Return while there is time left.

        Raises:
            UnavailableError: The time is over.
        """
        if time.monotonic() >= self._end:
            raise UnavailableError(
                f"no service at {self._address} within {self._timeout_s:g} s ({self._state}): "
                "start one with `maskmesh up`"
            )
