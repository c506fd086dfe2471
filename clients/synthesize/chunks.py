"""Tasks in lists that are worth sending."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maskmesh.clients.synthesize.tasks import Task

CHUNK_TASKS = 64
CHUNK_BYTES = 8 * 1024 * 1024


def chunks(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Cut tasks into lists that are worth sending, none of much more than `CHUNK_BYTES`."""
    chunk: list[Task] = []
    size = 0
    for task in tasks:
        chunk.append(task)
        size += len(task.data)
        if len(chunk) == CHUNK_TASKS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
