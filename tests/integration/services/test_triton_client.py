"""An unmodified tritonclient works with the classification service.

It needs an older protobuf than this project and another proto of the package `inference`, so it
runs in an interpreter of its own: the variable TRITON_PYTHON names one that has
`tritonclient[grpc]`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from maskmesh.services.classification.servicer import build
from maskmesh.services.classification.settings import ClassificationSettings

SESSION = Path(__file__).parent / "triton_session.py"


@pytest.fixture(scope="module")
def python() -> str:
    named = os.environ.get("TRITON_PYTHON")
    if not named:
        pytest.skip("set TRITON_PYTHON to a Python that has tritonclient[grpc]")
    return named


async def test_an_unmodified_client_does_all_it_can(
    host, python: str, brightness_repository: Path, faces: Path, tmp_path: Path
) -> None:
    repository = Path(shutil.copytree(brightness_repository, tmp_path / "models"))
    shutil.copytree(repository / "expression" / "3", repository / "expression" / "4")
    settings = ClassificationSettings(port=0, repository=repository, version="3", reload_s=0)
    running, _ = await host(build(settings), settings)
    process = await asyncio.create_subprocess_exec(
        python,
        str(SESSION),
        f"127.0.0.1:{running.port}",
        str(faces / "astronaut.jpg"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    seen = json.loads(output)
    assert (seen["live"], seen["ready"], seen["unknown_ready"]) == (True, [True, True], False)
    assert (seen["server"], seen["inputs"]) == ("maskmesh", ["faces"])
    assert seen["max_batch_size"] == settings.max_faces
    assert (seen["best"], seen["id"]) == ([6, 0, 3], "abc")
    assert seen["mask"] == pytest.approx([234 / 255, 18 / 255, 126 / 255], abs=1e-3)
    assert seen["ranked"] == seen["labels"] == ["surprise", "angry", "happy"]
    assert seen["picture"] == [1, 7]
    assert seen["at_once"] == [[number, number % 7] for number in range(14)]
    assert "there is no model 'age' here" in seen["streamed"].pop(3)
    assert seen["streamed"] == [0, 1, 2, 4, 5, 6]
    assert seen["statuses"] == [
        "StatusCode.INVALID_ARGUMENT",
        "StatusCode.NOT_FOUND",
        "StatusCode.NOT_FOUND",
    ]
    assert seen["control"] == [[["3", "READY"], ["4", "UNAVAILABLE"]], "4", "3", False]
    assert seen["counts"] == {"3": 3 + 3 + 1 + 14 + 6 + 1, "4": 1}
