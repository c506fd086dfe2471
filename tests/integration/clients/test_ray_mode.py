"""Ray Data does the work for real: the bytes of this process, also when a worker is killed."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
from pathlib import Path

import cv2
import pytest

from maskmesh.bench.synthesis.memory import family
from maskmesh.clients.synthesize.ray_mode import run_ray
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.tasks import MadePicture, Outcome, Task
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.pictures import decode_picture, encode_png, read_picture

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None,
        reason="Ray is not installed: pip install 'maskmesh[ray]'",
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="workers are found by /proc"),
    # Ray warns of itself.
    pytest.mark.filterwarnings("ignore"),
]
PICTURES = 1500
RECIPE = Recipe(seed=5)


def maker():
    """Return a class that Ray sends by its code, since workers cannot import this file."""

    class FaceMaker:
        def __init__(self, recipe):
            from maskmesh.services.mask_synthesis import MaskSynthesizer

            self.recipe, self.synthesizer = recipe, MaskSynthesizer()

        def make(self, task):
            seed = self.recipe.face_seed(task.source, 0, 0)
            masked = self.synthesizer.apply(decode_picture(task.data, "keep"), seed=seed)
            picture = MadePicture(task.outputs[0], encode_png(masked.image))
            return Outcome(task.index, (picture,), (masked.style,))

    return FaceMaker


@pytest.fixture(scope="module")
def tasks(faces):
    crops = []
    for name, (x, y, side) in {"biden": (216, 114, 170), "obama": (193, 57, 166)}.items():
        gray = read_picture(faces / f"{name}.jpg", "L")
        crops.append(encode_png(cv2.resize(gray[y : y + side, x : x + side], (48, 48))))
    return [
        Task(index, f"{index}.png", (f"{index}.png",), crops[index % 2])
        for index in range(PICTURES)
    ]


def kill_workers(killed, wanted, stop):
    """Kill -9 Ray workers that are at work, until enough are killed."""
    while len(killed) < wanted and not stop.wait(0.05):
        for pid in family(os.getpid()):
            try:
                if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::Map"):
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    break
            except OSError:
                continue


def test_every_task_has_the_outcome_of_this_process_though_workers_are_killed(tasks):
    load, killed, stop = maker(), [], threading.Event()
    killer = threading.Thread(target=kill_workers, args=(killed, 2, stop))
    killer.start()
    try:
        outcomes = list(run_ray(iter(tasks), RECIPE, 2, load))
    finally:
        stop.set()
        killer.join()
    assert len(killed) == 2
    assert sorted(outcome.index for outcome in outcomes) == list(range(PICTURES))
    here = load(RECIPE)
    chosen = [outcome for outcome in outcomes if outcome.index % 50 == 0]
    assert chosen == [here.make(tasks[outcome.index]) for outcome in chosen]
    assert len({outcome.pictures[0].data for outcome in chosen}) > 10


def test_an_error_of_this_project_comes_back_as_it_is(tasks):
    def refuse(recipe):
        raise SetupError(f"no predictor for seed {recipe.seed}: install one")

    with pytest.raises(SetupError, match="no predictor for seed 5: install one"):
        list(run_ray(tasks[:3], RECIPE, 1, refuse))
