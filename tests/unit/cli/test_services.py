from __future__ import annotations

import contextlib
import threading
from types import SimpleNamespace

import pytest
from pydantic_settings import CliApp

from maskmesh.cli import services
from maskmesh.services.face_location.settings import LocationSettings
from maskmesh.services.runtime.errors import SetupError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What `up` starts its mesh with; the mesh is told to end at once."""
    seen: dict[str, object] = {}

    @contextlib.contextmanager
    def mesh(host, port, **options):
        seen.update(host=host, port=port, **options)
        names = dict.fromkeys(("location", "synthesis", "classification"), "127.0.0.1:1")
        yield SimpleNamespace(addresses=SimpleNamespace(**names), check=lambda: None)

    class Ended(threading.Event):
        def wait(self, timeout=None):
            return True

    monkeypatch.setattr(services, "LocalMesh", mesh)
    monkeypatch.setattr(services.signal, "signal", lambda *_: None)
    monkeypatch.setattr(services.threading, "Event", Ended)
    return seen


def up(*flags: str) -> None:
    CliApp.run(services.Up, cli_args=list(flags))


def test_up_alone_hands_nothing_on(started) -> None:
    up()
    assert (started["host"], started["flags"], started["metrics_port"]) == ("127.0.0.1", [], 0)


def test_what_up_is_told_reaches_each_service(started, tmp_path) -> None:
    keys = tmp_path / "keys"
    told = ["--keys-file", str(keys), "--no-open-health", "--traces-to", "http://h:4317"]
    up("--host", "0.0.0.0", "--insecure-plaintext", "--metrics-port", "9000", *told)
    assert started["metrics_port"] == 9000
    settings = CliApp.run(LocationSettings, cli_args=started["flags"], cli_cmd_method_name="x")
    assert (settings.keys_file, settings.open_health) == (keys, False)
    assert (settings.traces_to, settings.insecure_plaintext) == ("http://h:4317", True)


def test_up_beyond_loopback_is_refused_before_anything_starts(started) -> None:
    with pytest.raises(SetupError, match="--insecure-plaintext"):
        up("--host", "0.0.0.0")
    assert not started
