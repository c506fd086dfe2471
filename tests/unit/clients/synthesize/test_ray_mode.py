from __future__ import annotations

import sys

import pytest

from maskmesh.clients.synthesize.ray_mode import run_ray, windows
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.tasks import Task
from maskmesh.services.runtime.errors import SetupError


def tasks(*sizes: int) -> list[Task]:
    return [
        Task(index, f"{index}.png", (f"{index}.png",), bytes(size))
        for index, size in enumerate(sizes)
    ]


def indices(found: list[list[Task]]) -> list[list[int]]:
    return [[task.index for task in window] for window in found]


def test_windows_end_at_so_many_tasks():
    found = list(windows(tasks(1, 1, 1, 1, 1), most_tasks=2, most_bytes=100))
    assert indices(found) == [[0, 1], [2, 3], [4]]
    assert list(windows([])) == []


def test_windows_end_at_so_many_bytes_and_a_large_picture_goes_alone():
    found = list(windows(tasks(40, 40, 40, 500, 10), most_tasks=9, most_bytes=100))
    assert indices(found) == [[0, 1], [2], [3], [4]]


def test_tasks_are_taken_as_they_are_needed():
    taken = []

    def source():
        for task in tasks(*[1] * 100):
            taken.append(task.index)
            yield task

    next(windows(source(), most_tasks=10))
    assert len(taken) <= 11


def test_without_ray_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        SetupError, match=r"needs the package ray: run pip install 'maskmesh\[ray\]"
    ):
        next(run_ray(tasks(1), Recipe(), 1, load=pytest.fail))
