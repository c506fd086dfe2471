"""How much a service takes on at once: what is over it is refused with a hint when to try again."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from maskmesh.services.runtime.errors import OverloadedError, UnavailableError
from maskmesh.services.runtime.settings import CommandSettings

_RETRY_CALL_S = 0.1
_RETRY_STREAM_S = 1.0
# Health checks and reflection still get through on a connection that is full.
_SPARE_STREAMS = 16
_SECOND_MS = 1000


class LimitSettings(CommandSettings):
    """How much a service takes on at once, in each process."""

    max_calls: int = Field(
        128, ge=1, le=100_000, description="calls that may be under way; more are refused"
    )
    max_streams: int = Field(
        256, ge=1, le=100_000, description="streams that may be open; more are refused"
    )
    max_streams_per_peer: int = Field(
        64,
        ge=1,
        le=100_000,
        description="streams that one peer may have open: a key, a client certificate, or else an "
        "address",
    )
    slow_reader_s: float = Field(
        30.0, gt=0, description="seconds after which a stream whose answers are not read is ended"
    )
    keepalive_s: float = Field(
        20.0,
        ge=1,
        description="seconds of silence after which a connection is asked whether it still lives",
    )
    keepalive_timeout_s: float = Field(
        10.0, gt=0, description="seconds after which one that does not answer is closed"
    )

    def channel_options(self) -> list[tuple[str, int]]:
        """Return the options of gRPC that bound what a connection may do."""
        return [
            ("grpc.max_concurrent_streams", self.max_calls + self.max_streams + _SPARE_STREAMS),
            ("grpc.keepalive_time_ms", int(self.keepalive_s * _SECOND_MS)),
            ("grpc.keepalive_timeout_ms", int(self.keepalive_timeout_s * _SECOND_MS)),
            # What gRPC 1.85 goes by: with the former alone, it waits a minute for each answer.
            ("grpc.http2.ping_timeout_ms", int(self.keepalive_timeout_s * _SECOND_MS)),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
            # Clients may ask as often as that, too, without being taken for attackers.
            ("grpc.http2.min_recv_ping_interval_without_data_ms", 5 * _SECOND_MS),
            ("grpc.server_handshake_timeout_ms", 10 * _SECOND_MS),
        ]


class CallLimits:
    """Counts the calls and streams of one server; for its event loop only.

    Attributes:
        calls: How many are under way.
        streams: How many are open.
        turned_away: How many of both came after `close`.

    Args:
        settings: The limits.
    """

    def __init__(self, settings: LimitSettings) -> None:
        self.settings = settings
        self._max_calls = settings.max_calls
        self._streams_of: Counter[str] = Counter()
        self._closed = False
        self.turned_away = 0
        self.calls = 0
        self.streams = 0

    def close(self) -> None:
        """Take nothing on any more; what is under way goes on."""
        self._closed = True

    def begin_call(self) -> None:
        """Take on a call; `end_call` must follow.

        Raises:
            UnavailableError: The service is being stopped.
            OverloadedError: As many as may be are under way.
        """
        self._check_open()
        if self.calls >= self._max_calls:
            raise OverloadedError(
                f"{self.calls} calls are under way, as many as this service takes on: try again "
                "later, or raise --max-calls",
                _RETRY_CALL_S,
                "in_flight",
            )
        self.calls += 1

    def end_call(self) -> None:
        """Give back the place of a call."""
        self.calls -= 1

    def begin_stream(self, peer: str) -> None:
        """Take on a stream; `end_stream` must follow.

        Args:
            peer: Who opened it.

        Raises:
            UnavailableError: The service is being stopped.
            OverloadedError: As many as may be are open, in all or by this peer.
        """
        self._check_open()
        if self.streams >= self.settings.max_streams:
            raise OverloadedError(
                f"{self.streams} streams are open, as many as this service takes on: try again "
                "later, or raise --max-streams",
                _RETRY_STREAM_S,
                "streams",
            )
        if self._streams_of[peer] >= self.settings.max_streams_per_peer:
            raise OverloadedError(
                f"{self._streams_of[peer]} streams of yours are open, as many as this service "
                "takes from one: close some, or raise --max-streams-per-peer",
                _RETRY_STREAM_S,
                "peer_streams",
            )
        self.streams += 1
        self._streams_of[peer] += 1

    def _check_open(self) -> None:
        if self._closed:
            self.turned_away += 1
            raise UnavailableError("the service is being stopped: try again, elsewhere or later")

    def end_stream(self, peer: str) -> None:
        """Give back the place of a stream."""
        self.streams -= 1
        self._streams_of[peer] -= 1
        if not self._streams_of[peer]:
            del self._streams_of[peer]
