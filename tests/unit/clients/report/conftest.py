from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maskmesh.services.runtime.expressions import EXPRESSIONS

Line = dict[str, Any]


@pytest.fixture
def face() -> Callable[..., Line]:
    """Makes a face of a line whose label has the probability 0.7."""

    def make(track: int | None = 1, label: str = "happy", mask: float = 0.1) -> Line:
        probabilities = {name: 0.7 if name == label else 0.05 for name in EXPRESSIONS}
        numbered = {} if track is None else {"track": track}
        return {
            "box": [1, 2, 3, 4],
            **numbered,
            "label": label,
            "probabilities": probabilities,
            "mask": mask,
        }

    return make


@pytest.fixture
def frame_line() -> Callable[..., Line]:
    """Makes the line of a frame of a stream, ten a second."""

    def make(index: int, *faces: Line, **more: Any) -> Line:
        line = {"file": "clip.mp4", "frame": index, "time_s": index / 10, "width": 64, "height": 48}
        return {**line, "faces": list(faces), **more}

    return make


@pytest.fixture
def write_lines(tmp_path: Path) -> Callable[..., Path]:
    """Writes lines to a file, with more bytes after them."""

    def write(*lines: Line, after: bytes = b"") -> Path:
        path = tmp_path / "results.jsonl"
        path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines) + after)
        return path

    return write
