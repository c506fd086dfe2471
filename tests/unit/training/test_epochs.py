from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import pytest

from maskmesh.training import input_pool
from maskmesh.training.batches import BatchMaker, TrainingFaces
from maskmesh.training.epochs import EpochBatches, EpochSeeds, seed_dropouts
from maskmesh.training.recipe import Recipe
from maskmesh.training.wearing import CachedMasks

from .conftest import quick


@pytest.fixture(scope="module")
def maker() -> BatchMaker:
    """Batches of the best recipe, whose masks can travel to other processes."""
    rng = np.random.default_rng(0)
    plain = rng.integers(0, 256, (30, 48, 48), dtype=np.uint8)
    masked = rng.integers(0, 256, (30, 3, 48, 48), dtype=np.uint8)
    masks = CachedMasks(masked, np.ones((30, 3), bool), np.zeros(30, int))
    return BatchMaker(TrainingFaces(plain, np.arange(30) % 7, masks), recipe())


def recipe() -> Recipe:
    return quick("best", warm_up_epochs=1.0, batch_size=8, erase_share=0.5)


@pytest.fixture(scope="module")
def pooled(maker: BatchMaker) -> Iterator[EpochBatches]:
    batches = EpochBatches(maker, 0, processes=2)
    yield batches
    batches.close()


def assert_equal(one: object, other: object) -> None:
    for mine, theirs in zip(one, other, strict=True):
        for key, value in mine.items():
            np.testing.assert_array_equal(value, theirs[key])


def test_a_later_epoch_can_be_begun_at_once(maker: BatchMaker) -> None:
    gone_on, begun = EpochBatches(maker, 0), EpochBatches(maker, 3)
    before = gone_on[0]
    gone_on.begin(3)
    assert_equal(gone_on[0], begun[0])
    assert (before[0]["faces"] != begun[0][0]["faces"]).any()


@pytest.mark.parametrize("indices", [range(8), [0, 1, 0, 1, 2, 7, 3]], ids=["in order", "not"])
@pytest.mark.parametrize("epoch", [0, 2])
def test_processes_make_the_same_batches(
    maker: BatchMaker, pooled: EpochBatches, epoch: int, indices: list[int]
) -> None:
    assert len(pooled) == 8
    pooled.begin(epoch)
    for index in indices:
        assert_equal(pooled[index], maker.make(epoch, index))


def test_processes_work_ahead(maker: BatchMaker) -> None:
    pool = input_pool.InputPool(maker, 1)
    pool.batch(0, 0)
    assert [place for place, _ in pool._ahead] == [(0, 1), (0, 2), (0, 3), (0, 4)]
    pool.batch(0, 6)
    assert [place for place, _ in pool._ahead] == [(0, 7)]
    pool.close()
    assert not pool._ahead


def test_dropout_follows_from_the_epoch(maker: BatchMaker) -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, keras.layers.Dropout(0.5)(inputs))
    seeds = EpochSeeds(EpochBatches(maker, 0), seed=4)
    seeds.set_model(model)

    def dropped(epoch: int) -> np.ndarray:
        seeds.on_epoch_begin(epoch)
        return np.asarray(model(np.ones((40, 5)), training=True))

    first, other, again = dropped(1), dropped(2), dropped(1)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    seed_dropouts(model, 5, 1)
    assert (np.asarray(model(np.ones((40, 5)), training=True)) != first).any()
