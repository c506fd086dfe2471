"""Metrics as Prometheus fetches them, of services in one process and in several."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

from maskmesh.services.runtime.readiness import address_in
from maskmesh.v1 import synthesis_pb2 as pb
from maskmesh.v1 import synthesis_pb2_grpc

LIST = "/maskmesh.v1.MaskSynthesisService/ListMasks"
SERVICE = """
import sys
import numpy as np
from maskmesh.services.runtime.observing import metrics
from maskmesh.services.runtime.run import run_server
from maskmesh.services.runtime.server import HostedService, ServerSettings
from maskmesh.v1 import synthesis_pb2, synthesis_pb2_grpc

class Quick(synthesis_pb2_grpc.MaskSynthesisServiceServicer):
    async def ListMasks(self, request, context):
        metrics.observe_stage("compute", 0.01)
        rows = np.eye(7, dtype=np.float32)[[3, 4]]
        metrics.count_predictions("expression", "1", rows, np.ones(2, np.float32))
        return synthesis_pb2.ListMasksResponse(styles=["quick"])

def build():
    metrics.show_model("expression", "1")
    return HostedService(
        "quick", (),
        lambda server: synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(
            Quick(), server))

processes, metrics_port = map(int, sys.argv[1:])
run_server(ServerSettings(processes=processes, metrics_port=metrics_port), build)
"""

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


@contextmanager
def serving(processes: int) -> Iterator[tuple[str, int]]:
    port = free_port()
    command = [sys.executable, "-c", SERVICE, str(processes), str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        address = address_in(process.stdout.readline(), "quick")
        assert address is not None
        yield address, port
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


def call(address: str, times: int) -> None:
    with grpc.insecure_channel(address) as channel:
        stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
        for _ in range(times):
            stub.ListMasks(pb.ListMasksRequest(), timeout=10)
        with pytest.raises(grpc.RpcError):
            stub.Apply(pb.ApplyRequest(), timeout=10)


def fetch(port: int) -> Samples:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("processes", [1, 3])
def test_the_numbers_are_those_of_all_processes(processes: int) -> None:
    with serving(processes) as (address, port):
        for _ in range(8):  # each a connection of its own, given to any of the processes
            call(address, 5)
        samples = fetch(port)
        method = ("method", LIST)
        assert samples["maskmesh_calls_total", (("code", "OK"), method)] == 40
        failed = ("method", LIST.replace("ListMasks", "Apply"))
        assert samples["maskmesh_calls_total", (("code", "UNIMPLEMENTED"), failed)] == 8
        assert samples["maskmesh_call_seconds_count", (method,)] == 40
        assert samples["maskmesh_calls_in_flight", (method,)] == 0
        assert samples["maskmesh_stage_seconds_count", (("stage", "compute"),)] == 40
        served = (("model", "expression"), ("version", "1"))
        happy = (("expression", "happy"), *served)
        assert samples["maskmesh_predictions_total", happy] == 40
        assert samples["maskmesh_masks_worn_total", served] == 80
        assert samples["maskmesh_model_processes", served] == processes
        memory = {key: value for key, value in samples.items() if "resident" in key[0]}
        assert len(memory) == processes
        assert all(value > 1e6 for value in memory.values())


def test_files_of_the_processes_do_not_outlive_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving(2) as (address, _):
        call(address, 1)
        assert list(tmp_path.glob("maskmesh-metrics-*/*.db"))
    assert not list(tmp_path.iterdir())


def test_a_used_port_is_told() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        command = [sys.executable, "-m", "maskmesh.cli.main", "serve", "location", "--port", "0"]
        done = subprocess.run(
            [*command, "--metrics-port", str(bound.getsockname()[1])],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert "--metrics-port" in done.stderr
