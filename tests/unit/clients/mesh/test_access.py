from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1 import health_pb2

from maskmesh.clients.mesh import access
from maskmesh.services.runtime.errors import SetupError, UnavailableError


class FakeLocalMesh(contextlib.AbstractContextManager[Any]):
    """Stands where LocalMesh would start processes; serves from the fixture's server."""

    ended = False
    log_files: list[Path]

    def __init__(self, log_file: Path) -> None:
        type(self).log_files.append(log_file)
        log_file.write_text("log")

    def __exit__(self, *details: object) -> None:
        return None

    def check(self) -> None:
        if self.ended:
            raise UnavailableError("the location service ended with exit code 1")


@pytest.fixture
def local(running, monkeypatch):
    FakeLocalMesh.log_files = []
    FakeLocalMesh.addresses = running.addresses
    FakeLocalMesh.ended = False
    monkeypatch.setattr(access, "LocalMesh", FakeLocalMesh)
    return FakeLocalMesh


def test_a_named_mesh_must_be_ready(running):
    with (
        pytest.raises(UnavailableError, match=r"within 0 s.*maskmesh up"),
        access.mesh_access("127.0.0.1:1", ready_timeout_s=0.0),
    ):
        pytest.fail("there is no mesh")


def test_without_an_address_an_own_mesh_serves_and_its_log_goes_with_it(local):
    with access.mesh_access(None) as got:
        got.client.wait_until_ready(1.0)
        assert local.log_files[0].exists()
    assert not local.log_files[0].exists()


def test_the_log_stays_after_an_error(local):
    with pytest.raises(SetupError), access.mesh_access(None):
        raise SetupError("something broke")
    assert local.log_files[0].exists()
    local.log_files[0].unlink()


def test_a_named_log_stays(local, tmp_path):
    with access.mesh_access(None, log_file=tmp_path / "own.log"):
        pass
    assert local.log_files == [tmp_path / "own.log"]
    assert (tmp_path / "own.log").exists()


def test_a_mesh_that_is_ready_again_is_back(local):
    with access.mesh_access(None) as got:
        got.wait_until_back(UnavailableError("gone"), timeout_s=1.0)


def test_an_own_mesh_whose_process_ended_does_not_come_back(local):
    with access.mesh_access(None) as got:
        local.ended = True
        with pytest.raises(UnavailableError, match="exit code 1"):
            got.wait_until_back(UnavailableError("gone"), timeout_s=60.0)


def test_the_end_of_an_own_process_is_told_instead_of_that_nobody_answers(local):
    with pytest.raises(UnavailableError, match="exit code 1"), access.mesh_access(None):  # noqa: PT012
        local.ended = True
        raise UnavailableError("no service at 127.0.0.1:1")
    with pytest.raises(UnavailableError, match="no service at"), access.mesh_access(None):  # noqa: PT012
        local.ended = False
        raise UnavailableError("no service at 127.0.0.1:1")
    for log in local.log_files:
        log.unlink()


def test_nobody_waits_for_a_mesh_that_is_not_wanted_any_more(local, running):
    running.health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    with (
        pytest.raises(UnavailableError, match=r"^gone$"),
        access.mesh_access("127.0.0.1:1", services=()) as got,
    ):
        got.wait_until_back(UnavailableError("gone"), timeout_s=60.0, wanted=lambda: False)
