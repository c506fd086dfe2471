"""The right result reaches the right caller, whatever happens around it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

import pytest

from maskmesh.services.classification.batching import DynamicBatcher
from maskmesh.services.classification.policy import BatchingPolicy
from maskmesh.services.classification.statistics import ServingStatistics
from maskmesh.services.runtime.errors import DeadlineError, OverloadedError

from .echo import Echo, numbered

CALLS = 600


class Uneven(Echo):
    """Takes a while, another one with each batch, so that batches overtake each other."""

    def __init__(self, version: int, seed: int) -> None:
        super().__init__(version)
        self._random = random.Random(seed)

    def run(self, batch):
        time.sleep(self._random.choice((0, 0, 0.0005, 0.002)))
        return super().run(batch)


@pytest.mark.parametrize("seed", range(4))
async def test_every_call_gets_its_own_answer_or_a_reason(seed: int) -> None:
    chance = random.Random(seed)
    policy = BatchingPolicy(
        max_faces=chance.choice((4, 16, 32)),
        preferred_faces=chance.choice((1, 8)),
        delay_s=chance.choice((0.0, 0.001)),
        places=80,
        workers=(workers := chance.choice((1, 2, 3))),
        here_s=chance.choice((0.0, 0.005)) if workers == 1 else 0.0,
    )
    statistics = ServingStatistics()
    batcher = DynamicBatcher(policy, statistics)
    served = [Uneven(version, seed) for version in (1, 2, 3)]
    outcomes: Counter[str] = Counter()
    clock = asyncio.get_running_loop().time

    async def one(first: int) -> None:
        numbers = range(first, first + chance.choice((1, 1, 1, 2, 3, 7, 20)))
        which = served[min(first // 4000, len(served) - 1)]  # the model changes on the way
        deadline = clock() + chance.uniform(0, 0.05) if chance.random() < 0.3 else None
        await asyncio.sleep(chance.uniform(0, 0.2))
        with batcher.admit(which, len(numbers), deadline):
            answer = await batcher.classify(which, numbered(*numbers), deadline)
        assert answer.mask.tolist() == list(numbers)
        assert set(answer.probabilities[:, 1].tolist()) == {float(which.model.version)}

    async def tell(first: int) -> None:
        task = asyncio.create_task(one(first))
        if chance.random() < 0.2:
            asyncio.get_running_loop().call_later(chance.uniform(0, 0.2), task.cancel)
        try:
            await task
            outcomes["answered"] += 1
        except (DeadlineError, OverloadedError) as error:
            outcomes[type(error).__name__] += 1
        except asyncio.CancelledError:
            outcomes["cancelled"] += 1

    async with asyncio.timeout(60):
        await asyncio.gather(*(tell(index * 20) for index in range(CALLS)))
        assert batcher.places_taken == 0
        await batcher.drain()
    assert sum(outcomes.values()) == CALLS
    assert min(outcomes[kind] for kind in ("answered", "cancelled")) > 20
    for each in served:
        runs = [number for batch in each.batches for number in batch]
        assert len(runs) == len(set(runs))  # nothing was run twice
        assert statistics.of(each.model).runs == len(each.batches)
    answered = sum(statistics.of(each.model).success.count for each in served)
    # Some are cancelled when their answer is there, but not yet taken.
    assert outcomes["answered"] <= answered <= outcomes["answered"] + outcomes["cancelled"]
