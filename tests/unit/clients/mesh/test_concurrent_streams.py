"""Servers that bound the calls of a connection: by MAX_CONCURRENT_STREAMS, by REFUSED_STREAM."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from maskmesh.clients.mesh import Retries, Timeouts
from maskmesh.services.runtime.errors import DeadlineError, UnavailableError

from .both import KINDS, ask, client_of, gray, result_of
from .conftest import RunningFake, fake_mesh
from .refusing import Refusing

pytestmark = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def narrow() -> Iterator[RunningFake]:
    with fake_mesh([("grpc.max_concurrent_streams", 1)]) as running:
        yield running


async def taken_place(kind, client):
    """Return an open stream, which leaves no room for another call."""
    stream = client.open_location_stream()
    await result_of(kind, stream.send, gray(1))
    await result_of(kind, stream.receive)
    return stream


async def test_a_call_that_finds_no_room_ends_at_its_deadline(kind, narrow) -> None:
    async with client_of(kind, narrow.addresses, timeouts=Timeouts(locate=0.5)) as client:
        stream = await taken_place(kind, client)
        with pytest.raises(DeadlineError, match="did not answer in time: it is overloaded"):
            await result_of(kind, client.locate, gray(2))
        assert not narrow.services.calls
        stream.close()
        (face,) = await result_of(kind, client.locate, gray(3))
        assert face.box[0] == 3


async def test_a_stream_that_finds_no_room_ends_at_its_deadline(kind, narrow) -> None:
    async with client_of(kind, narrow.addresses, timeouts=Timeouts(locate=0.5)) as client:
        first = await taken_place(kind, client)
        second = client.open_location_stream()
        with pytest.raises(DeadlineError, match="did not answer a frame"):  # noqa: PT012
            await result_of(kind, second.send, gray(2))
            await result_of(kind, second.receive)
        await result_of(kind, first.send, gray(3))
        assert (await result_of(kind, first.receive)).faces[0].track == 3
        first.close()


async def test_a_call_goes_on_when_there_is_room(kind, narrow) -> None:
    async with client_of(kind, narrow.addresses) as client:
        stream = await taken_place(kind, client)
        waiting = asyncio.create_task(result_of(kind, client.locate, gray(2)))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        assert not narrow.services.calls
        stream.close()
        (face,) = await waiting
        assert face.box[0] == 2


async def test_many_calls_at_once_are_all_answered(kind, narrow) -> None:
    async with client_of(kind, narrow.addresses) as client:
        values = range(30)
        answers = await asyncio.gather(
            *(result_of(kind, client.locate, gray(value)) for value in values)
        )
    assert [face.box[0] for (face,) in answers] == list(values)


def test_a_call_that_is_refused_is_sent_again(kind) -> None:
    quick = Retries(attempts=3, initial_backoff_s=0.01, max_backoff_s=0.01)
    with Refusing(2) as server:
        assert ask(kind, server.addresses, "locate", gray(1), retries=quick) == []
        assert server.calls == 3


@pytest.mark.parametrize(("method", "sent"), [("locate", gray(1)), ("locate_stream", [gray(1)])])
def test_what_may_not_be_sent_again_ends_in_an_error(kind, method, sent) -> None:
    with Refusing(100) as server:
        with pytest.raises(UnavailableError) as caught:
            ask(kind, server.addresses, method, sent, retries=Retries(attempts=1))
        assert caught.type is UnavailableError
        assert server.calls == 1
