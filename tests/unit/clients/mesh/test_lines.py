"""Lines that fall silent, and slow ones."""

from __future__ import annotations

import pytest

from maskmesh.clients.mesh import Keepalive, Retries, Timeouts, channels
from maskmesh.clients.mesh.channels import channel_options
from maskmesh.services.runtime.errors import UnavailableError

from .both import KINDS, client_of, gray, result_of
from .line import Line

ONCE = Retries(attempts=1)
# A silent peer that were not noticed would show as DeadlineError, a subclass, after this.
LONG = Timeouts(locate=20.0)

pytestmark = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Keepalive:
    """Faster than callers may have it: servers close the lines of those who ask so often.

    Pings by which gRPC measures lines are off: they would find out as well, now and then.
    """
    without_probes = ("grpc.http2.bdp_probe", 0)
    monkeypatch.setattr(
        channels, "channel_options", lambda *given: (*channel_options(*given), without_probes)
    )
    keepalive = Keepalive(timeout_s=0.5)
    object.__setattr__(keepalive, "time_s", 0.5)
    return keepalive


async def test_a_silent_peer_is_noticed_and_found_again(kind, running, quick) -> None:
    options = {"keepalive": quick, "timeouts": LONG, "retries": ONCE}
    with Line(running.address) as line:
        async with client_of(kind, line.addresses, **options) as client:
            assert await result_of(kind, client.locate, gray(1))
            line.fall_silent()
            with pytest.raises(UnavailableError) as caught:
                await result_of(kind, client.locate, gray(2))
            assert caught.type is UnavailableError
            line.speak()
            await result_of(kind, client.wait_until_ready, 10.0, ["location"])
            (face,) = await result_of(kind, client.locate, gray(3))
            assert face.box[0] == 3
            assert line.connections > 1


async def test_a_stream_with_a_silent_peer_ends(kind, running, quick) -> None:
    with Line(running.address) as line:
        async with client_of(kind, line.addresses, keepalive=quick, timeouts=LONG) as client:
            stream = client.open_location_stream()
            await result_of(kind, stream.send, gray(1))
            assert (await result_of(kind, stream.receive)).faces[0].track == 1
            line.fall_silent()
            await result_of(kind, stream.send, gray(2))
            with pytest.raises(UnavailableError) as caught:
                await result_of(kind, stream.receive)
            assert caught.type is UnavailableError


async def test_a_server_far_away_is_reached(kind, running) -> None:
    with Line(running.address, delay_s=0.4) as line:
        async with client_of(kind, line.addresses, retries=ONCE) as client:
            assert await result_of(kind, client.locate, gray(1))
            assert line.connections == 1
