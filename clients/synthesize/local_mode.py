"""Mode "local": the work done by processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import resource_tracker

from maskmesh.clients.synthesize.chunks import chunks
from maskmesh.clients.synthesize.local_hands import Maker
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.tasks import Outcome, Task
from maskmesh.services.runtime.errors import UnavailableError
from maskmesh.services.runtime.parallel import wait_for_parent

CHUNKS_A_WORKER = 3


def run_local(
    tasks: Iterable[Task], recipe: Recipe, workers: int
) -> Generator[Outcome, None, None]:
    """Do tasks in processes of one thread each, which end at once when this is closed.

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
    others = set(multiprocessing.active_children())
    _start_tracker_quietly()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        under_way: set[Future[list[Outcome]]] = set()
        try:
            while True:
                for chunk in waiting:
                    with _deaf_to_interrupts():
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
        except BaseException:
            # They write nothing, so nothing is lost; a worker that still loads would take long.
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: the first process of a terminal ends the others.

    Before `_begin`, while they load, they would die of it with a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_tracker_quietly() -> None:
    """Start the process that frees semaphores after a kill -9, so that it does not warn of it."""
    silent = "ignore:resource_tracker"
    sys.warnoptions.append(silent)
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(silent)


def _begin() -> None:
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
