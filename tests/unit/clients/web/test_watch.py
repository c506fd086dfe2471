"""All browsers wait for the mesh together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from maskmesh.clients.web import watch as module
from maskmesh.clients.web.watch import MeshWatch
from maskmesh.services.runtime.errors import UnavailableError


class FakeAccess:
    """Waits until a test says that the mesh is back, or fails."""

    def __init__(self, failure: UnavailableError | None = None) -> None:
        self.calls = 0
        self.back = threading.Event()
        self.failure = failure

    def wait_until_back(
        self, error: UnavailableError, timeout_s: float, wanted: Callable[[], bool]
    ) -> None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure
        while not self.back.wait(0.01):
            if not wanted():
                raise error


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)


async def test_many_wait_and_one_asks() -> None:
    access = FakeAccess()
    watch = MeshWatch(access)
    waiting = [asyncio.create_task(watch.until_back(UnavailableError("gone"))) for _ in range(5)]
    while not access.calls:
        await asyncio.sleep(0.01)
    waiting[0].cancel()  # a browser that goes takes nothing from the others
    access.back.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [None] * 4
    assert access.calls == 1
    await watch.until_back(UnavailableError("gone again"))
    assert access.calls == 2
    await watch.close()


async def test_a_mesh_that_will_not_come_back_is_told_to_all() -> None:
    watch = MeshWatch(FakeAccess(UnavailableError("the location service ended")))
    with pytest.raises(UnavailableError, match="ended"):
        await watch.until_back(UnavailableError("gone"))
    with pytest.raises(UnavailableError, match="ended"):
        await watch.lost
    await watch.close()


async def test_closing_ends_the_wait() -> None:
    access = FakeAccess()
    watch = MeshWatch(access)
    waiting = asyncio.create_task(watch.until_back(UnavailableError("gone")))
    while not access.calls:
        await asyncio.sleep(0.01)
    await watch.close()
    with pytest.raises(UnavailableError):
        await waiting
    assert watch.lost.cancelled()
