"""The README's Python code runs as it stands there, but for the address of the mesh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from maskmesh.services.runtime.pictures import read_picture
from maskmesh.services.runtime.processes import MeshAddresses

ROOT = Path(__file__).parents[2]
CLIENT, ASYNCIO, SYNTHESIS = re.findall(
    r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the repository's files, that code may write to."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_client_code_finds_the_face(
    mesh: MeshAddresses, capsys: pytest.CaptureFixture[str]
) -> None:
    code = CLIENT.replace('MeshClient.connect("127.0.0.1:50051")', "MeshClient(addresses)")
    assert "MeshClient(addresses)" in code
    exec(code, {"addresses": mesh})
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_asyncio_code_finds_the_face(
    mesh: MeshAddresses, capsys: pytest.CaptureFixture[str]
) -> None:
    code = ASYNCIO.replace('.connect("127.0.0.1:50051"', "(addresses")
    assert "AsyncMeshClient(addresses" in code
    exec(code, {"addresses": mesh})
    assert capsys.readouterr().out.count("Face(") == 1


def test_synthesis_code_puts_a_mask_on(folder: Path, faces: Path) -> None:
    names: dict[str, object] = {}
    exec(SYNTHESIS, names)
    assert names["masked"].confidence > 0.5  # type: ignore[attr-defined]
    before, after = read_picture(faces / "astronaut.jpg"), read_picture(folder / "masked.png")
    changed = (before != after).any(axis=2)
    assert 0.2 * 111**2 < changed.sum() < 111**2
