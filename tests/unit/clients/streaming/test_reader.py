from __future__ import annotations

import threading

import pytest

from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.reader import FrameReader
from maskmesh.services.runtime.errors import InvalidInputError


class ListSource:
    name, fps, total, note = "list", None, None, None

    def __init__(self, count: int, live: bool = False, failure: Exception | None = None) -> None:
        self.live = live
        self.closed = False
        self.taken = threading.Semaphore(0)
        self._count = count
        self._failure = failure

    def entries(self):
        for index in range(self._count):
            yield FrameProblem("f", index, 0.0, "")
        self.taken.release()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        self.stopped = True

    def close(self) -> None:
        self.closed = True


def take_all(reader: FrameReader) -> list[int]:
    got = []
    while (entry := reader.take(wait=True)) is not None:
        got.append(entry.index)
    return got


def test_a_file_is_read_whole_and_closed():
    source = ListSource(50)
    with FrameReader(source) as reader:
        assert take_all(reader) == list(range(50))
    assert source.closed


def test_of_a_live_source_only_the_latest_is_kept():
    source = ListSource(50, live=True)
    with FrameReader(source) as reader:
        source.taken.acquire(timeout=5)
        assert take_all(reader) == [49]
        assert reader.dropped == 49


def test_a_failing_source_tells_after_all_that_came_before():
    with FrameReader(ListSource(3, failure=InvalidInputError("damaged"))) as reader:
        assert [reader.take(wait=True).index for _ in range(3)] == [0, 1, 2]
        with pytest.raises(InvalidInputError, match="damaged"):
            reader.take(wait=True)


def test_stopping_ends_the_run_and_the_reading():
    source = ListSource(10**9)
    with FrameReader(source) as reader:
        assert reader.take(wait=True).index == 0
        reader.stop()
        assert reader.take(wait=True) is None
    assert source.closed
    assert source.stopped
