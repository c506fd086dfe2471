"""The Python code of docs/client.md runs as it stands there, but for the address of the mesh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from maskmesh.services.runtime.observing import spans
from maskmesh.services.runtime.pictures import read_picture
from maskmesh.services.runtime.processes import MeshAddresses

ROOT = Path(__file__).parents[2]
SYNC, ASYNCIO, OPTIONS, COPIES, TRACES = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs/client.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the repository's files, that code may write to."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(code: str, mesh: MeshAddresses) -> None:
    at_mesh = code.replace('.connect("127.0.0.1:50051"', "(addresses")
    assert at_mesh != code
    exec(at_mesh, {"addresses": mesh})


def test_a_picture_is_located_told_and_masked(
    mesh: MeshAddresses, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(SYNC, mesh)
    (line,) = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\(\d+, \d+, \d+, \d+\) [a-z]+ [01]\.\d\d, mask [01]\.\d\d", line)
    before, after = (
        read_picture(folder / "tests/fixtures/faces/biden.jpg"),
        read_picture(folder / "masked.png"),
    )
    assert (before != after).any()


def test_the_frames_of_a_video_are_followed(
    mesh: MeshAddresses, capsys: pytest.CaptureFixture[str]
) -> None:
    run(ASYNCIO, mesh)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("[(1, (") for line in lines)


def test_options_and_copies_are_as_the_code_has_them() -> None:
    for code in (OPTIONS, COPIES):
        exec(code, {})


def test_what_is_traced_goes_to_the_collector_that_the_code_names(
    mesh: MeshAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = InMemorySpanExporter()

    def exporting_to(service: str, endpoint: str) -> TracerProvider:
        assert (service, endpoint) == ("my-program", "http://127.0.0.1:4317")
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(memory))
        return provider

    monkeypatch.setattr(spans, "exporting_to", exporting_to)
    run(TRACES, mesh)
    names = {span.name for span in memory.get_finished_spans()}
    assert names == {"maskmesh.v1.FaceLocationService/Locate", "picture"}
