"""Batches made ahead in other processes; knows no Keras, so that these start quickly."""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import cv2

from maskmesh.services.runtime.errors import SetupError
from maskmesh.training.batches import Batch, BatchMaker

# How many batches each process may be ahead.
AHEAD = 4
_maker: list[BatchMaker] = []


class InputPool:
    """Makes an epoch's batches ahead of whoever asks for them in order.

    They may be asked for in any order; out of it they are made anew.
    """

    def __init__(self, maker: BatchMaker, processes: int) -> None:
        """Start the processes, at least one."""
        # Forked children of a process that has loaded TensorFlow can hang, so they are spawned.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, context, _start_worker, (maker,))
        self._length = len(maker)
        self._depth = AHEAD * processes
        self._ahead: deque[tuple[tuple[int, int], Future[Batch]]] = deque()

    def batch(self, epoch: int, index: int) -> Batch:
        """Wait for a batch of an epoch.

        Raises:
            SetupError: A process died.
        """
        if not self._ahead or self._ahead[0][0] != (epoch, index):
            self._forget()
        try:
            self._order(epoch, index)
            return self._ahead.popleft()[1].result()
        except BrokenProcessPool as error:
            raise SetupError(
                "a process that makes input died, for want of memory perhaps: "
                "use fewer --input-processes"
            ) from error

    def close(self) -> None:
        """End the processes."""
        self._forget()
        self._pool.shutdown(cancel_futures=True)

    def _order(self, epoch: int, index: int) -> None:
        """Let the processes make this batch and those after it."""
        first = self._ahead[-1][0][1] + 1 if self._ahead else index
        for later in range(first, min(index + self._depth, self._length - 1) + 1):
            future = self._pool.submit(_make, epoch, later)
            self._ahead.append(((epoch, later), future))

    def _forget(self) -> None:
        for _, future in self._ahead:
            future.cancel()
        self._ahead.clear()


def _start_worker(maker: BatchMaker) -> None:
    cv2.setNumThreads(1)
    _maker.append(maker)


def _make(epoch: int, index: int) -> Batch:
    return _maker[0].make(epoch, index)
