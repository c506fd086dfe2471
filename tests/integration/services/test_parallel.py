"""A service in several processes at one port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from maskmesh.services.runtime.readiness import address_in

SERVE = [sys.executable, "-m", "maskmesh.cli.main", "serve", "synthesis", "--port", "0"]


@pytest.fixture
def service() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*SERVE, "--processes", "2"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def address_of(service: subprocess.Popen[str]) -> str:
    address = address_in(service.stdout.readline(), "synthesis")
    assert address is not None
    return address


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not Path(f"/proc/{pid}").exists()


def is_serving(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def test_processes_share_a_port_nobody_else_may_and_end_on_sigterm(service) -> None:
    address = address_of(service)
    children = children_of(service.pid)
    assert len(children) == 2
    assert is_serving(address)
    port = address.rpartition(":")[2]
    for more in (["--processes", "2"], []):
        second = subprocess.run(
            [*SERVE[:-1], port, *more], capture_output=True, text=True, check=False, timeout=60
        )
        assert second.returncode == 1
        assert "in use" in second.stderr
    service.send_signal(signal.SIGTERM)
    assert service.wait(20) == 0
    assert all(gone(child) for child in children)


def test_processes_end_when_the_first_is_killed(service) -> None:
    address_of(service)
    children = children_of(service.pid)
    service.kill()
    service.wait(10)
    assert all(gone(child) for child in children)


def test_the_service_ends_when_a_process_is_killed(service) -> None:
    address_of(service)
    first, second = children_of(service.pid)
    os.kill(first, signal.SIGKILL)
    assert service.wait(20) == 1
    assert gone(second)
