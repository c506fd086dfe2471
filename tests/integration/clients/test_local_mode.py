"""Mode "local" in processes: they end at once when nobody wants their work any more."""

from __future__ import annotations

import multiprocessing

import numpy as np

from maskmesh.clients.synthesize.local_mode import run_local
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.tasks import Task
from maskmesh.services.runtime.pictures import encode_png


def tasks(count):
    noise = np.random.default_rng(1).integers(0, 255, (48, 48), np.uint8)
    for index in range(count):
        yield Task(index, f"{index}.png", (f"{index}.png",), encode_png(noise))


def test_workers_end_when_the_run_is_closed():
    taken = []

    def endless():
        for task in tasks(100_000):
            taken.append(task.index)
            yield task

    outcomes = run_local(endless(), Recipe(), workers=2)
    assert next(outcomes).lines
    outcomes.close()
    assert multiprocessing.active_children() == []
    assert len(taken) < 2_000
