from __future__ import annotations

import threading
import time

from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.slot import FrameBuffer


def entry(index: int) -> FrameProblem:
    return FrameProblem("f", index, 0.0, "")


def test_one_slot_keeps_the_latest_and_counts_the_dropped():
    slot = FrameBuffer(1, replace_oldest=True)
    for index in range(5):
        assert slot.put(entry(index))
    assert slot.take(wait=False) == entry(4)
    assert slot.take(wait=False) is None
    assert slot.dropped == 4


def test_a_buffer_that_keeps_all_makes_the_putter_wait():
    buffer = FrameBuffer(3, replace_oldest=False)
    most = 0

    def put_all() -> None:
        for index in range(500):
            assert buffer.put(entry(index))
        buffer.close()

    putter = threading.Thread(target=put_all)
    putter.start()
    got = []
    while (taken := buffer.take(wait=True)) is not None:
        got.append(taken.index)
        most = max(most, len(buffer._entries))
    putter.join()
    assert got == list(range(500))
    assert most <= 3
    assert buffer.dropped == 0


def test_take_waits_for_an_entry():
    slot = FrameBuffer(1, replace_oldest=True)
    threading.Timer(0.05, slot.put, [entry(7)]).start()
    assert slot.take(wait=True) == entry(7)


def test_closing_wakes_who_waits_and_refuses_more():
    slot = FrameBuffer(1, replace_oldest=True)
    threading.Timer(0.05, slot.close).start()
    assert slot.take(wait=True) is None
    assert not slot.put(entry(1))


def test_closing_wakes_a_putter():
    buffer = FrameBuffer(1, replace_oldest=False)
    buffer.put(entry(0))
    results = []
    putter = threading.Thread(target=lambda: results.append(buffer.put(entry(1))))
    putter.start()
    time.sleep(0.02)
    buffer.close()
    putter.join(2.0)
    assert results == [False]


def test_entries_outlive_closing_unless_discarded():
    buffer = FrameBuffer(2, replace_oldest=False)
    buffer.put(entry(0))
    buffer.put(entry(1))
    buffer.close()
    assert buffer.take(wait=True) == entry(0)
    buffer.close(discard=True)
    assert buffer.take(wait=True) is None
