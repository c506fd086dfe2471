"""Long work in pieces: shared between processes, each piece's file written whole or not at all."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

CHUNK = 1000
# A process takes longer to start than this process takes for so many faces.
FEW = 400


class Chunk(Protocol):
    """A piece of work that travels to a worker process."""

    @property
    def file(self) -> Path:
        """What it makes."""

    def __len__(self) -> int:
        """How many faces it is about."""

    def make(self) -> None:
        """Do the work and write the file."""


def make_missing(chunks: Sequence[Chunk], workers: int, title: str) -> None:
    """Make the chunks whose files are not there yet, with a progress bar."""
    missing = [chunk for chunk in chunks if not chunk.file.exists()]
    if not missing:
        return
    for folder in {chunk.file.parent for chunk in missing}:
        folder.mkdir(parents=True, exist_ok=True)
    total = sum(len(chunk) for chunk in missing)
    with Progress() as progress:
        task = progress.add_task(title, total=total)
        made = map(_make, missing) if total <= FEW else _made(missing, workers)
        for count in made:
            progress.advance(task, count)


def load_all(chunks: Sequence[Chunk], name: str) -> NDArray[np.generic]:
    """Return one array of all chunks' files, joined."""
    parts = []
    for chunk in chunks:
        with np.load(chunk.file) as stored:
            parts.append(stored[name])
    return np.concatenate(parts)


def _made(chunks: Sequence[Chunk], workers: int) -> Iterator[int]:
    # Forked children of a process that has loaded TensorFlow can hang, so they are spawned.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_worker) as pool:
        futures: list[Future[int]] = [pool.submit(_make, chunk) for chunk in chunks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _start_worker() -> None:
    cv2.setNumThreads(1)


def _make(chunk: Chunk) -> int:
    chunk.make()
    return len(chunk)
