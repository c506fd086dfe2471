from __future__ import annotations

from maskmesh.clients.synthesize.chunks import CHUNK_BYTES, CHUNK_TASKS, chunks
from maskmesh.clients.synthesize.tasks import Task


def tasks(count: int, size: int = 1):
    return (Task(index, f"{index}.png", (), bytes(size)) for index in range(count))


def test_all_tasks_come_in_order_in_lists_of_a_fitting_length():
    found = list(chunks(tasks(2 * CHUNK_TASKS + 3)))
    assert [len(chunk) for chunk in found] == [CHUNK_TASKS, CHUNK_TASKS, 3]
    assert [task.index for chunk in found for task in chunk] == list(range(2 * CHUNK_TASKS + 3))
    assert list(chunks(tasks(0))) == []


def test_large_pictures_make_short_lists():
    found = list(chunks(tasks(5, CHUNK_BYTES // 2)))
    assert [len(chunk) for chunk in found] == [2, 2, 1]
