from __future__ import annotations

import pytest

from maskmesh.services.runtime.errors import OverloadedError, UnavailableError
from maskmesh.services.runtime.limits import CallLimits, LimitSettings


def limits(**settings: int) -> CallLimits:
    return CallLimits(LimitSettings(**settings))


def test_as_many_calls_as_may_be() -> None:
    counted = limits(max_calls=2)
    counted.begin_call()
    counted.begin_call()
    with pytest.raises(OverloadedError, match="--max-calls") as caught:
        counted.begin_call()
    assert (caught.value.reason, caught.value.retry_after_s > 0) == ("in_flight", True)
    counted.end_call()
    counted.begin_call()


def test_as_many_streams_as_may_be_in_all_and_by_one_peer() -> None:
    counted = limits(max_streams=3, max_streams_per_peer=2)
    counted.begin_stream("one")
    counted.begin_stream("one")
    with pytest.raises(OverloadedError, match="--max-streams-per-peer") as caught:
        counted.begin_stream("one")
    assert caught.value.reason == "peer_streams"
    counted.begin_stream("two")
    with pytest.raises(OverloadedError, match="3 streams are open") as caught:
        counted.begin_stream("three")
    assert caught.value.reason == "streams"
    counted.end_stream("one")
    counted.begin_stream("one")
    assert counted.streams == 3


def test_peers_that_have_left_are_forgotten() -> None:
    counted = limits()
    for peer in ("one", "two"):
        counted.begin_stream(peer)
        counted.end_stream(peer)
    assert not counted._streams_of


def test_connections_may_hold_what_the_service_takes_on_and_health_checks() -> None:
    options = dict(LimitSettings(max_calls=10, max_streams=20, keepalive_s=7).channel_options())
    assert options["grpc.max_concurrent_streams"] > 30
    assert options["grpc.keepalive_time_ms"] == 7000


def test_what_is_closed_takes_nothing_on_and_lets_the_rest_end() -> None:
    counted = limits()
    counted.begin_call()
    counted.begin_stream("one")
    counted.close()
    with pytest.raises(UnavailableError, match="being stopped"):
        counted.begin_call()
    with pytest.raises(UnavailableError, match="being stopped"):
        counted.begin_stream("one")
    counted.end_call()
    counted.end_stream("one")
    assert (counted.calls, counted.streams) == (0, 0)
