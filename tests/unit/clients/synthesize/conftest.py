from __future__ import annotations

import json
from pathlib import Path

import pytest

from maskmesh.clients.synthesize.reports import MANIFEST, SUMMARY

RUN = {"seed": 1, "style": "cloth", "source": "a"}


def put_result(folder: Path, run: dict[str, object] = RUN, masked: int = 1) -> Path:
    """Make a folder as a run leaves it: one picture, its sheet and its reports."""
    (folder / "a").mkdir(parents=True)
    if masked:
        (folder / "a" / "1.png").write_bytes(b"one")
        (folder / "contact_sheet.a.png").write_bytes(b"sheet")
    lines = [{"output": "a/1.png" if masked else None}, {"output": None}]
    (folder / MANIFEST).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    counts = {"skipped": 1, **({"written": masked} if masked else {})}
    summary = {"faces": counts, "classes": {"a": counts}, "run": run}
    (folder / SUMMARY).write_text(json.dumps(summary))
    return folder


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """What a run made, before it is published."""
    return put_result(tmp_path / "out.unfinished" / "made")
