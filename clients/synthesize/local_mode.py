"""Mode "local": the work done by processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache

from maskmesh.clients.synthesize.chunks import chunks
from maskmesh.clients.synthesize.local_hands import Maker
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.tasks import Outcome, Task
from maskmesh.services.runtime.errors import UnavailableError
from maskmesh.services.runtime.parallel import wait_for_parent

CHUNKS_A_WORKER = 3


def run_local(tasks: Iterable[Task], recipe: Recipe, workers: int) -> Iterator[Outcome]:
    """Do tasks in processes of one thread each.

    Args:
        tasks: Taken a few chunks ahead of the work.
        recipe: How masks are put on.
        workers: How many processes.

    Yields:
        One outcome a task, in about the order of the tasks.

    Raises:
        MaskmeshError: What a worker raised of this family.
        UnavailableError: A worker was killed.
    """
    waiting = chunks(tasks)
    # Not forked: this process may have threads by now.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        under_way: set[Future[list[Outcome]]] = set()
        try:
            while True:
                for chunk in waiting:
                    under_way.add(pool.submit(_make, chunk, recipe))
                    if len(under_way) >= CHUNKS_A_WORKER * workers:
                        break
                if not under_way:
                    return
                finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield from future.result()
        except BrokenProcessPool as error:
            raise UnavailableError(
                "a worker process was killed, perhaps for want of memory: run the same command "
                "again, with fewer --workers, to go on where it ended"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    # Ctrl-C reaches all processes of a terminal; the first of them ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    wait_for_parent()
    os._exit(1)


def _make(chunk: list[Task], recipe: Recipe) -> list[Outcome]:
    return _maker(recipe).make_many(chunk)


@lru_cache(maxsize=1)
def _maker(recipe: Recipe) -> Maker:
    return Maker(recipe)
