"""Services that are killed, stopped, reloaded, flooded with nonsense: the bench's parts, small."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from maskmesh.bench.serving import fuzz, kills, reload, soak
from maskmesh.bench.serving.load import Target
from maskmesh.bench.serving.messages import INFER, infer_request
from maskmesh.bench.serving.servers import Running, service
from maskmesh.services.classification.repository import find_model


@pytest.fixture
def classification(tmp_path: Path) -> Iterator[Running]:
    with service("classification", tmp_path / "log") as running:
        yield running


def test_a_stream_goes_on_when_killed_services_are_back(faces: Path, tmp_path: Path) -> None:
    found = kills.measure(faces / "astronaut.jpg", rounds=1, scratch=tmp_path)
    assert [each.name.split()[0] for each in found] == ["location", "synthesis", "classification"]


def test_no_call_fails_while_versions_are_loaded(tmp_path: Path) -> None:
    (failed,) = reload.measure(find_model().path, 3, tmp_path, [])
    assert failed.median == 0, failed.note


def test_malformed_requests_get_proper_statuses(classification: Running) -> None:
    for each in fuzz.measure(classification, 1000, seed=11):
        assert each.is_met, (each.name, each.note)


def test_no_file_is_left_open_and_memory_stays(classification: Running) -> None:
    target = Target(classification.address, INFER, infer_request())
    looks = soak.watch(target, classification.process.pid, 4.0)
    settled = looks[len(looks) // 4 :]
    assert max(look.files for look in settled) - min(look.files for look in settled) <= 1
    # Seconds tell no growth of a few percent from noise: that is what the bench is for.
    assert settled[-1].megabytes < 1.1 * settled[0].megabytes


def test_sigterm_lets_what_is_under_way_end_and_refuses_the_rest(tmp_path: Path) -> None:
    # So many faces that they are still being run when the signal comes.
    many = infer_request(1500)
    flags = ["--max-faces", "1500", "--queue-faces", "100000", "--grace-s", "60"]
    with (
        service("classification", tmp_path / "log", flags) as running,
        grpc.insecure_channel(running.address) as channel,
    ):
        send: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(INFER)
        send(infer_request())
        slow = [send.future(many, timeout=100) for _ in range(3)]
        time.sleep(0.3)
        assert not any(each.done() for each in slow)
        running.process.send_signal(signal.SIGTERM)
        codes = set()
        ended = threading.Event()
        slow[-1].add_done_callback(lambda _: ended.set())
        while not codes - {grpc.StatusCode.OK} and not ended.is_set():
            try:
                send(infer_request(), timeout=100)
                codes.add(grpc.StatusCode.OK)
            except grpc.RpcError as error:
                codes.add(error.code())
        assert codes - {grpc.StatusCode.OK} == {grpc.StatusCode.UNAVAILABLE}
        assert [len(each.result()) > 1500 for each in slow] == [True] * 3
        assert running.process.wait(30) == 0
