from __future__ import annotations

import os
import signal
import threading

import pytest

from maskmesh.clients.streaming.stopping import StopOnSignal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_once_and_the_next_acts_as_before(number):
    seen = []
    before = signal.signal(number, lambda *_: seen.append("before"))
    try:
        with StopOnSignal(lambda: seen.append("stop")) as stop:
            assert not stop.requested
            os.kill(os.getpid(), number)
            assert stop.requested
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
    finally:
        signal.signal(number, before)
    assert seen == ["stop", "before", "before"]


def test_outside_the_main_thread_it_does_nothing():
    results = []

    def run() -> None:
        with StopOnSignal(lambda: None) as stop:
            results.append(stop.requested)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert results == [False]
