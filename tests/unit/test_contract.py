"""The contract: generated code is fresh, and the code's class order is the enum's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.v1 import classification_pb2 as pb

PROTOS = Path(__file__).parents[2] / "protos"
SOURCES = sorted(PROTOS.rglob("*.proto"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_generated_code_is_fresh(source: Path, tmp_path: Path) -> None:
    # In a process of its own: protoc shares a native library with what other tests have loaded.
    arguments = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}"]
    arguments += [f"--{plugin}_out={tmp_path}" for plugin in ("python", "grpc_python")]
    for plugin in ("mypy", "mypy_grpc"):
        program = Path(sys.executable).parent / f"protoc-gen-{plugin}"
        arguments += [f"--plugin={program}", f"--{plugin}_out=quiet:{tmp_path}"]
    subprocess.run([*arguments, str(source)], check=True)
    made = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(made) == 4
    for path in made:
        committed = PROTOS / path.relative_to(tmp_path)
        assert committed.read_text() == path.read_text(), f"{committed} is stale: run `make protos`"


def test_enum_follows_the_class_order() -> None:
    names = [value.name.removeprefix("EXPRESSION_") for value in pb.Expression.DESCRIPTOR.values]
    assert names[0] == "UNSPECIFIED"
    assert tuple(name.lower() for name in names[1:]) == EXPRESSIONS
    assert [value.number for value in pb.Expression.DESCRIPTOR.values] == list(range(8))
