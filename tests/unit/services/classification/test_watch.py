from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from maskmesh.services.classification.shelf import ModelShelf
from maskmesh.services.classification.watch import keep_fresh

from .conftest import Publish


async def test_a_shelf_is_refreshed_until_the_watch_is_cancelled(
    publish: Publish, tmp_path: Path
) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path)
    watch = asyncio.create_task(keep_fresh(shelf, 0.001))
    publish("2", shift=1)
    async with asyncio.timeout(30):
        while shelf.current.model.version != "2":
            await asyncio.sleep(0.001)
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch


async def test_an_unforeseen_failure_ends_the_watch_with_its_error(
    publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path)

    def fail(self: ModelShelf) -> bool:
        raise KeyError("bug")

    monkeypatch.setattr(ModelShelf, "refresh", fail)
    with pytest.raises(KeyError, match="bug"):
        await keep_fresh(shelf, 0.001)
