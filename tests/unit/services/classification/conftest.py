"""Model repositories whose versions can be told from their answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

Publish = Callable[..., Path]


@pytest.fixture
def publish(brightness_repository: Path, tmp_path: Path) -> Publish:
    """Puts a version into the repository in tmp_path, written aside and renamed as export does.

    With `shift`, a dark face is called the class that so many follow the first.
    """
    template = onnx.load(brightness_repository / "expression" / "3" / "model.onnx")

    def put(version: str, *, shift: int = 0, content: bytes | None = None) -> Path:
        partial, folder = tmp_path / f".partial.{version}", tmp_path / "expression" / version
        partial.mkdir()
        if content is None:
            model = onnx.ModelProto()
            model.CopyFrom(template)
            centres = next(t for t in model.graph.initializer if t.name == "centres")
            shifted = np.roll(numpy_helper.to_array(centres), shift)
            centres.CopyFrom(numpy_helper.from_array(shifted, "centres"))
            content = model.SerializeToString()
        (partial / "model.onnx").write_bytes(content)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(exist_ok=True)
        return partial.rename(folder)

    return put
