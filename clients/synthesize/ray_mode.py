"""Mode "ray": the work done by Ray Data, on this machine or on a cluster of many.

The tasks go to Ray Data window by window, so that a data set of any size streams through. Within
a window Ray spreads them over its workers, sends again what was with a worker that died (as often
as it takes), and brings the outcomes back. A worker process loads its landmark predictor once and
keeps it from window to window.

With the variable RAY_ADDRESS set, that cluster does the work; every machine of it needs
`maskmesh[synthesis,ray]`, and the files of the user's own masks and predictor at the same paths.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.tasks import Outcome, Task
from maskmesh.services.runtime.errors import MaskmeshError, SetupError, UnavailableError

ADDRESS_VARIABLE = "RAY_ADDRESS"
WINDOW_TASKS = 4096
WINDOW_BYTES = 256 * 1024 * 1024
# Enough parts that workers of unequal speed end a window together.
TASKS_A_PART = 64
PARTS_A_WORKER = 4


class Maker(Protocol):
    """Does tasks, one after the other."""

    def make(self, task: Task) -> Outcome:
        """Do one task."""


Load = Callable[[Recipe], Maker]
"""Loads what does tasks by a recipe: a class or function that workers can import by its name."""


def run_ray(
    tasks: Iterable[Task], recipe: Recipe, workers: int, load: Load
) -> Generator[Outcome, None, None]:
    """Do tasks on Ray Data.

    Args:
        tasks: Taken a window at a time.
        recipe: How masks are put on.
        workers: How many tasks are done at a time, at most.
        load: Called once in every process that does tasks.

    Yields:
        One outcome a task; inside a window in any order.

    Raises:
        SetupError: Ray is not installed.
        MaskmeshError: What a worker raised of this family.
        UnavailableError: The cluster cannot be reached, or gave up on a task.
    """
    with _ray(workers) as ray:
        for window in windows(tasks):
            parts = min(PARTS_A_WORKER * workers, math.ceil(len(window) / TASKS_A_PART))
            rows = [{"task": task} for task in window]
            made = ray.data.from_items(rows, override_num_blocks=parts).map(
                _make,
                fn_kwargs={"recipe": recipe, "load": load},
                concurrency=min(workers, parts),
            )
            try:
                for row in made.iter_rows():
                    yield _outcome(row)
            except ray.exceptions.RayTaskError:
                # A bug in what the worker ran, with the worker's traceback.
                raise
            except ray.exceptions.RayError as error:
                raise UnavailableError(
                    f"Ray gave up ({_first_line(error)}): see its logs, and run the same command "
                    "again, which goes on where it ended"
                ) from error


def windows(
    tasks: Iterable[Task], most_tasks: int = WINDOW_TASKS, most_bytes: int = WINDOW_BYTES
) -> Iterator[list[Task]]:
    """Cut tasks into lists of at most so many tasks and so many bytes of pictures.

    A picture that is larger than `most_bytes` makes a window of its own.
    """
    window: list[Task] = []
    size = 0
    for task in tasks:
        if window and (len(window) == most_tasks or size + len(task.data) > most_bytes):
            yield window
            window, size = [], 0
        window.append(task)
        size += len(task.data)
    if window:
        yield window


@contextmanager
def _ray(workers: int) -> Iterator[Any]:
    """Start Ray on this machine, or connect to the cluster that RAY_ADDRESS names."""
    # Its warning about idle accelerators is for others.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray  # noqa: PLC0415 - an extra
        import ray.data  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SetupError(
            f"mode ray needs the package {error.name}: run pip install 'maskmesh[ray]'"
        ) from error
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if os.environ.get(ADDRESS_VARIABLE):
            ray.init(**quiet)
        else:
            ray.init(address="local", num_cpus=workers, include_dashboard=False, **quiet)
    except (ConnectionError, RuntimeError) as error:
        raise UnavailableError(
            f"Ray does not start ({_first_line(error)}): check {ADDRESS_VARIABLE}, or leave it out"
        ) from error
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        yield ray
    finally:
        ray.shutdown()


def _make(row: dict[str, Any], recipe: Recipe, load: Load) -> dict[str, Any]:
    try:
        return {"outcome": _loaded(load, recipe).make(row["task"])}
    except MaskmeshError as error:
        # Ray would wrap it in errors of its own.
        return {"outcome": error}


def _outcome(row: dict[str, Any]) -> Outcome:
    outcome: Outcome | MaskmeshError = row["outcome"]
    if isinstance(outcome, MaskmeshError):
        raise outcome
    return outcome


@lru_cache(maxsize=1)
def _loaded(load: Load, recipe: Recipe) -> Maker:
    return load(recipe)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
