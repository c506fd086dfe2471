"""Starting, stopping and failing of services as processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.processes import LocalMesh

SERVING = health_pb2.HealthCheckResponse.SERVING


def health_of(address: str) -> int:
    with grpc.insecure_channel(address) as channel:
        request = health_pb2.HealthCheckRequest()
        return health_pb2_grpc.HealthStub(channel).Check(request, timeout=5).status


def answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def wait_until_silent(addresses: list[str], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(map(answers, addresses)):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_up_serves_until_a_signal_and_leaves_nothing(start, signal_number: int) -> None:
    process = start("up", "--port", 0)
    lines = [process.stdout.readline() for _ in range(4)]
    addresses = [line.split()[-1] for line in lines[:3]]
    assert lines[3].startswith("ready")
    assert [health_of(address) for address in addresses] == [SERVING] * 3
    process.send_signal(signal_number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert not any(map(answers, addresses))


def test_services_end_when_their_parent_is_killed(start) -> None:
    process = start("up", "--port", 0)
    addresses = [process.stdout.readline().split()[-1] for _ in range(3)]
    process.kill()
    process.wait()
    assert wait_until_silent(addresses)


def test_a_service_that_dies_is_told(tmp_path: Path) -> None:
    with LocalMesh(log_file=tmp_path / "log") as mesh:
        mesh.check()
        victim = mesh._children["synthesis"]
        victim.kill()
        victim.wait()
        with pytest.raises(Exception, match="synthesis service ended with exit code -9"):
            mesh.check()


def test_serve_says_ready_and_drains(start) -> None:
    process = start("serve", "classification", "--port", 0, "--grace-s", 1)
    ready, name, address = process.stdout.readline().split()
    assert (ready, name, health_of(address)) == ("ready", "classification", SERVING)
    process.terminate()
    assert process.wait(10) == 0


def one_line_error(result: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if "error:" in line]
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_a_port_in_use_is_one_line(maskmesh) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = maskmesh("serve", "location", "--port", port)
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: the port is in use" in one_line_error(result)


def test_up_names_the_service_that_did_not_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        mesh = LocalMesh(port=port, log_file=tmp_path / "log")
        with pytest.raises(SetupError, match=r"location service did not start.*port is in use"):
            mesh.__enter__()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["classification", "--repository", "/nowhere"], "no model repository at /nowhere"),
        (["classification", "--model", "age"], "no model 'age'"),
        (["synthesis", "--predictor-path", "/nowhere.dat"], "/nowhere.dat"),
        (["location", "--port", "99999"], "--port"),
        (["location", "--workers", "many"], "--workers"),
    ],
)
def test_bad_settings_are_one_line(maskmesh, arguments: list[str], says: str) -> None:
    result = maskmesh("serve", *arguments)
    assert result.returncode in (1, 2)
    assert says in one_line_error(result)


def test_a_file_that_is_no_model_is_one_line(maskmesh, tmp_path: Path) -> None:
    folder = tmp_path / "expression" / "1"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(os.urandom(100))
    result = maskmesh("serve", "classification", "--repository", tmp_path)
    assert "cannot be loaded as an ONNX model" in one_line_error(result)
