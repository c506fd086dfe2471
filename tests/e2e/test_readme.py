"""The README's Python code runs as it stands there, but for the address of the mesh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from maskmesh.services.runtime.processes import MeshAddresses

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_client_code_finds_the_face(
    mesh: MeshAddresses, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = BLOCKS[0].replace('MeshClient.connect("127.0.0.1:50051")', "MeshClient(addresses)")
    assert "MeshClient(addresses)" in code
    exec(code, {"addresses": mesh})
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_synthesis_code_puts_a_mask_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec("from pathlib import Path\n" + BLOCKS[1], names)
    masked = names["masked"]
    assert masked.confidence > 0.5  # type: ignore[attr-defined]
    assert (masked.image != names["face"]).any()  # type: ignore[attr-defined]
