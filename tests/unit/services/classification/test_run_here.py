"""Small batches that are run on the event loop's own thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from maskmesh.services.classification.batching import DynamicBatcher
from maskmesh.services.classification.policy import BatchingPolicy
from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.classification.statistics import ServingStatistics

from .echo import Echo, numbered, seen


class Placed(Echo):
    """Notes which batches were run on the thread that made it, that of the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.here: list[bool] = []
        self._loop_thread = threading.get_ident()

    def run(self, batch):
        self.here.append(threading.get_ident() == self._loop_thread)
        return super().run(batch)


def batcher_of(here_s: float) -> tuple[DynamicBatcher, ServingStatistics]:
    statistics = ServingStatistics()
    return DynamicBatcher(BatchingPolicy(workers=1, here_s=here_s), statistics), statistics


async def call(batcher: DynamicBatcher, which: Echo, *numbers: int) -> list[int]:
    with batcher.admit(which, len(numbers)):
        return seen(await batcher.classify(which, numbered(*numbers)))


async def test_what_is_known_to_be_quick_is_run_here() -> None:
    placed = Placed()
    batcher, statistics = batcher_of(here_s=60.0)
    for number in range(4):
        assert await call(batcher, placed, number, number + 10) == [number, number + 10]
    # How long a face takes is not known before the first.
    assert placed.here == [False, True, True, True]
    numbers = statistics.of(placed.model)
    assert (numbers.success.count, numbers.faces, numbers.runs) == (4, 8, 4)
    await batcher.drain()


@pytest.mark.parametrize("here_s", [0.0, 1e-9])
async def test_what_takes_longer_is_run_by_a_worker(here_s: float) -> None:
    placed = Placed()
    batcher, _ = batcher_of(here_s)
    for number in range(3):
        assert await call(batcher, placed, number) == [number]
    assert placed.here == [False, False, False]
    await batcher.drain()


async def test_calls_that_come_together_are_run_together() -> None:
    placed = Placed()
    batcher, _ = batcher_of(here_s=60.0)
    await call(batcher, placed, 0)
    answers = await asyncio.gather(*(call(batcher, placed, number) for number in range(1, 13)))
    assert answers == [[number] for number in range(1, 13)]
    assert placed.batches == [[0], list(range(1, 9)), [9, 10, 11, 12]]


async def test_answers_leave_before_the_next_batch_is_run() -> None:
    placed = Placed()
    batcher, _ = batcher_of(here_s=60.0)
    await call(batcher, placed, 0)
    runs_when_answered: list[int] = []

    async def noted(number: int) -> None:
        await call(batcher, placed, number)
        runs_when_answered.append(len(placed.batches))

    await asyncio.gather(*(noted(number) for number in range(1, 17)))
    assert runs_when_answered == [2] * 8 + [3] * 8


async def test_a_failure_here_fails_its_own_batch_only() -> None:
    placed = Placed()
    batcher, statistics = batcher_of(here_s=60.0)
    await call(batcher, placed, 0)
    placed.failure = RuntimeError("out of memory")
    with pytest.raises(RuntimeError, match="out of memory"):
        await call(batcher, placed, 1)
    placed.failure = None
    assert await call(batcher, placed, 2) == [2]
    assert placed.here == [False, True, True]
    assert statistics.of(placed.model).fail.count == 1
    assert batcher.places_taken == 0


async def test_what_was_given_up_is_not_answered_here() -> None:
    placed = Placed()
    batcher, statistics = batcher_of(here_s=60.0)
    await call(batcher, placed, 0)
    calls = [asyncio.create_task(call(batcher, placed, number)) for number in (1, 2, 3)]
    await asyncio.sleep(0)  # all wait in the queue
    calls[1].cancel()
    assert await calls[0] == [1]
    assert await calls[2] == [3]
    with pytest.raises(asyncio.CancelledError):
        await calls[1]
    assert placed.batches == [[0], [1, 3]]
    assert statistics.of(placed.model).cancel.count == 1


def test_only_a_loop_with_one_worker_runs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def here_s(workers: int) -> float:
        monkeypatch.setenv("MASKMESH_CLASSIFICATION_WORKERS", str(workers))
        return ClassificationSettings().batching.here_s

    assert here_s(1) == 0.005
    assert here_s(2) == 0.0


async def test_calls_on_their_way_are_waited_for() -> None:
    placed = Placed()
    batcher, _ = batcher_of(here_s=60.0)
    await call(batcher, placed, 0)

    async def late(number: int) -> list[int]:
        for _ in range(3 * number):  # each turn of the loop is a step of gRPC's
            await asyncio.sleep(0)
        return await call(batcher, placed, number)

    assert await asyncio.gather(*map(late, (1, 2, 3))) == [[1], [2], [3]]
    assert placed.batches == [[0], [1, 2, 3]]
