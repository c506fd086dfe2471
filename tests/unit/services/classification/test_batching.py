from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar

import numpy as np
import pytest

from maskmesh.services.classification.batching import DynamicBatcher
from maskmesh.services.classification.policy import BatchingPolicy
from maskmesh.services.classification.statistics import ServingStatistics
from maskmesh.services.runtime.errors import (
    DeadlineError,
    InvalidInputError,
    OverloadedError,
    UnavailableError,
)

from .echo import Echo, numbered, seen


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    classifier = Echo()
    yield classifier
    classifier.gate.set()


async def call(
    batcher: DynamicBatcher, echo: Echo, *numbers: int, deadline: float | None = None
) -> list[int]:
    with batcher.admit(echo, len(numbers), deadline):
        return seen(await batcher.classify(echo, numbered(*numbers), deadline))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)


def batcher_of(**policy: float) -> tuple[DynamicBatcher, ServingStatistics]:
    statistics = ServingStatistics()
    return DynamicBatcher(BatchingPolicy(**policy), statistics), statistics  # type: ignore[arg-type]


async def occupied(batcher: DynamicBatcher, echo: Echo, *numbers: int) -> asyncio.Task[list[int]]:
    """Let a call occupy a worker until the gate is opened."""
    echo.gate.clear()
    before = len(echo.batches)
    task = asyncio.create_task(call(batcher, echo, *numbers))
    await until(lambda: len(echo.batches) == before + 1)
    return task


async def test_a_lone_call_is_run_at_once_whatever_the_delay(echo: Echo) -> None:
    batcher, _ = batcher_of(delay_s=3600.0)
    assert await asyncio.wait_for(call(batcher, echo, 7), 30) == [7]
    assert await asyncio.wait_for(call(batcher, echo, 8, 9), 30) == [8, 9]


async def test_calls_that_wait_are_joined_in_order_up_to_the_most(echo: Echo) -> None:
    batcher, _ = batcher_of(workers=1, max_faces=5)
    first = await occupied(batcher, echo, 1)
    sizes = [(2, 3), (4,), (5, 6), (7,), tuple(range(10, 18)), (20,)]
    calls = [asyncio.create_task(call(batcher, echo, *numbers)) for numbers in sizes]
    await until(lambda: batcher.places_taken == 16)
    echo.gate.set()
    assert [await each for each in (first, *calls)] == [[1], *map(list, sizes)]
    # What has more faces than a batch may have is run alone.
    assert echo.batches == [[1], [2, 3, 4, 5, 6], [7], list(range(10, 18)), [20]]


async def test_a_free_worker_leaves_the_others_their_share(echo: Echo) -> None:
    batcher, _ = batcher_of(workers=2)
    busy = [await occupied(batcher, echo, 1), await occupied(batcher, echo, 2)]
    calls = [asyncio.create_task(call(batcher, echo, number)) for number in range(10, 16)]
    await until(lambda: batcher.places_taken == 8)
    echo.gate.set()
    await asyncio.gather(*busy, *calls)
    assert echo.batches[2:4] in ([[10, 11, 12], [13, 14]], [[10, 11, 12], [13, 14, 15]])


async def test_a_small_batch_waits_for_more_while_others_run(echo: Echo) -> None:
    batcher, _ = batcher_of(workers=2, preferred_faces=3, delay_s=3600.0)
    busy = await occupied(batcher, echo, 1)
    two = [asyncio.create_task(call(batcher, echo, number)) for number in (10, 11)]
    await until(lambda: batcher.places_taken == 3)
    assert len(echo.batches) == 1
    three = asyncio.create_task(call(batcher, echo, 12, 13))
    await until(lambda: len(echo.batches) == 2)
    assert echo.batches[1] == [10, 11]
    echo.gate.set()
    # Where nothing is run, what is left does not wait either.
    await asyncio.wait_for(asyncio.gather(busy, *two, three), 30)
    assert echo.batches[2] == [12, 13]


async def test_a_small_batch_waits_no_longer_than_the_delay(echo: Echo) -> None:
    batcher, _ = batcher_of(workers=2, preferred_faces=50, delay_s=0.01)
    busy = await occupied(batcher, echo, 1)
    late = asyncio.create_task(call(batcher, echo, 2))
    await until(lambda: len(echo.batches) == 2)
    echo.gate.set()
    assert await asyncio.gather(busy, late) == [[1], [2]]


async def test_what_is_full_refuses_at_once_with_a_hint(echo: Echo) -> None:
    batcher, statistics = batcher_of(workers=1, places=4)
    busy = await occupied(batcher, echo, 1, 2, 3)
    with pytest.raises(OverloadedError, match="3 faces are in the service, 2 more") as caught:
        batcher.admit(echo, 2)
    assert caught.value.retry_after_s > 0
    assert statistics.of(echo.model).fail.count == 1
    fits = asyncio.create_task(call(batcher, echo, 4))
    echo.gate.set()
    assert await busy == [1, 2, 3]
    assert await fits == [4]
    assert await call(batcher, echo, *range(9)) == list(range(9))  # alone, it may be larger
    assert batcher.places_taken == 0


async def test_a_cancelled_call_gives_its_place_back_and_is_not_run(echo: Echo) -> None:
    batcher, statistics = batcher_of(workers=1, places=4)
    busy = await occupied(batcher, echo, 1)
    gone = asyncio.create_task(call(batcher, echo, 2, 3, 4))
    await until(lambda: batcher.places_taken == 4)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert batcher.places_taken == 1
    stays = asyncio.create_task(call(batcher, echo, 5, 6))
    await until(lambda: batcher.places_taken == 3)
    busy.cancel()  # it is being run: its answer is thrown away
    echo.gate.set()
    assert await stays == [5, 6]
    assert echo.batches == [[1], [5, 6]]
    numbers = statistics.of(echo.model)
    assert (numbers.success.count, numbers.cancel.count, numbers.faces) == (1, 2, 3)


async def test_a_deadline_that_cannot_be_met_is_told_without_a_run(echo: Echo) -> None:
    batcher, _ = batcher_of(workers=1)
    clock = asyncio.get_running_loop().time
    with pytest.raises(DeadlineError, match="the deadline is in 0 ms"):
        batcher.admit(echo, 1, clock() - 1)
    slow = await occupied(batcher, echo, 1)
    await asyncio.sleep(0.05)
    echo.gate.set()
    await slow
    # A face took 50 ms: twenty cannot be there in a tenth of a second, nor behind nineteen others.
    with pytest.raises(DeadlineError, match="give more time, or send fewer faces"):
        batcher.admit(echo, 20, clock() + 0.1)
    with batcher.admit(echo, 19), pytest.raises(DeadlineError):
        batcher.admit(echo, 1, clock() + 0.1)
    assert await call(batcher, echo, 2, deadline=clock() + 60) == [2]
    assert echo.batches == [[1], [2]]


async def test_a_deadline_that_passes_in_the_queue_is_told_when_the_turn_comes(echo: Echo) -> None:
    batcher, statistics = batcher_of(workers=1)
    clock = asyncio.get_running_loop().time
    busy = await occupied(batcher, echo, 1)
    late = asyncio.create_task(batcher.classify(echo, numbered(2), clock()))
    other = asyncio.create_task(call(batcher, echo, 3))
    await until(lambda: batcher.places_taken == 2)
    echo.gate.set()
    assert await asyncio.gather(busy, other) == [[1], [3]]
    with pytest.raises(DeadlineError):
        await late
    assert echo.batches == [[1], [3]]
    assert statistics.of(echo.model).fail.count == 1


async def test_one_slow_batch_does_not_shut_callers_out_for_good(echo: Echo) -> None:
    batcher, _ = batcher_of(workers=1)
    slow = await occupied(batcher, echo, 1)
    await asyncio.sleep(0.1)
    echo.gate.set()
    await slow
    refused = 0
    async with asyncio.timeout(30):
        while True:
            deadline = asyncio.get_running_loop().time() + 0.05
            try:
                batcher.admit(echo, 1, deadline)
            except DeadlineError:
                refused += 1
            else:
                break
    assert 0 < refused < 100


async def test_a_batch_is_kept_small_enough_for_the_deadlines_in_it(echo: Echo) -> None:
    batcher, _ = batcher_of(workers=1, places=1000, max_faces=1000)
    clock = asyncio.get_running_loop().time
    for number in range(2):  # a face takes 50 ms
        slow = await occupied(batcher, echo, number)
        await asyncio.sleep(0.05)
        echo.gate.set()
        await slow
    busy = await occupied(batcher, echo, 2)
    urgent = asyncio.create_task(call(batcher, echo, 3, deadline=clock() + 10))
    many = asyncio.create_task(call(batcher, echo, *range(10, 410)))
    await until(lambda: batcher.places_taken == 402)
    echo.gate.set()
    await asyncio.gather(busy, urgent, many)
    assert echo.batches[3:] == [[3], list(range(10, 410))]


async def test_each_batch_is_of_one_version(echo: Echo) -> None:
    batcher, statistics = batcher_of(workers=1)
    newer = Echo(version=2)
    busy = await occupied(batcher, echo, 1)
    order = [(echo, 2), (newer, 3), (echo, 4), (newer, 5), (newer, 6)]
    calls = [asyncio.create_task(call(batcher, which, number)) for which, number in order]
    await until(lambda: batcher.places_taken == 6)
    echo.gate.set()
    assert await asyncio.gather(busy, *calls) == [[1], [2], [3], [4], [5], [6]]
    assert echo.batches == [[1], [2, 4]]
    assert newer.batches == [[3, 5, 6]]
    assert [statistics.of(each.model).runs for each in (echo, newer)] == [2, 1]


async def test_a_model_that_fails_fails_its_own_batch_only(echo: Echo) -> None:
    batcher, statistics = batcher_of(workers=1)
    echo.failure = RuntimeError("out of memory")
    with pytest.raises(RuntimeError, match="out of memory"):
        await call(batcher, echo, 1)
    echo.failure = None
    assert await call(batcher, echo, 2) == [2]
    assert batcher.places_taken == 0
    numbers = statistics.of(echo.model)
    assert (numbers.success.count, numbers.fail.count) == (1, 1)


async def test_arrays_that_do_not_fit_are_refused_before_they_join(echo: Echo) -> None:
    batcher, _ = batcher_of()
    for faces in (np.zeros((1, 5, 5, 1), np.uint8), np.zeros((1, 4, 4, 1), np.float32)):
        with (
            batcher.admit(echo, 1),
            pytest.raises(InvalidInputError, match="expected uint8 of N×4×4×1"),
        ):
            await batcher.classify(echo, faces)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="no face was given"):
        batcher.admit(echo, 0)
    assert echo.batches == []


async def test_drain_finishes_what_was_let_in_and_refuses_what_comes(echo: Echo) -> None:
    batcher, _ = batcher_of(workers=1)
    busy = await occupied(batcher, echo, 1)
    queued = asyncio.create_task(call(batcher, echo, 2, 3))
    await until(lambda: batcher.places_taken == 3)
    draining = asyncio.create_task(batcher.drain())
    await asyncio.sleep(0.01)
    assert not draining.done()
    with pytest.raises(UnavailableError, match="being stopped"):
        batcher.admit(echo, 1)
    echo.gate.set()
    assert await asyncio.gather(busy, queued) == [[1], [2, 3]]
    await asyncio.wait_for(draining, 30)


async def test_statistics_grow_with_what_is_done(echo: Echo) -> None:
    batcher, statistics = batcher_of(workers=1)
    busy = await occupied(batcher, echo, 1)
    calls = [asyncio.create_task(call(batcher, echo, number, number)) for number in (2, 3)]
    await until(lambda: batcher.places_taken == 5)
    echo.gate.set()
    await asyncio.gather(busy, *calls)
    numbers = statistics.of(echo.model)
    assert (numbers.faces, numbers.runs) == (5, 2)
    assert {size: batch.count for size, batch in numbers.batches.items()} == {1: 1, 4: 1}
    assert numbers.success.count == numbers.queue.count == numbers.compute.count == 3
    assert numbers.success.ns >= numbers.compute.ns > 0
    assert numbers.last_run_ms > 0


async def test_each_call_tells_its_stages_in_its_own_context(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose: ContextVar[int] = ContextVar("whose")
    told: list[tuple[int, str]] = []
    begun: list[float] = []
    batcher, _ = batcher_of(workers=1)

    async def named(number: int) -> list[int]:
        whose.set(number)
        return await call(batcher, echo, number)

    def note(stage: str, seconds: float, ago_s: float) -> None:
        told.append((whose.get(), stage))
        begun.append(-ago_s - seconds)
        assert min(seconds, ago_s) >= 0

    monkeypatch.setattr("maskmesh.services.runtime.observing.metrics.observe_stage", note)
    assert await asyncio.gather(named(1), named(2)) == [[1], [2]]
    stages = ["queue", "batch", "compute"]
    assert sorted(told) == sorted((number, stage) for number in (1, 2) for stage in stages)
    assert begun[:3] == sorted(begun[:3])
