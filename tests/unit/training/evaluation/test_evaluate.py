from __future__ import annotations

from pathlib import Path

import pytest

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, SetupError
from maskmesh.training.evaluation.evaluate import evaluate
from maskmesh.training.evaluation.settings import EvaluateSettings


def test_json_flag_and_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSON", "stray")
    assert EvaluateSettings().json_file is None
    monkeypatch.setenv("MASKMESH_EVALUATE_JSON", "named.json")
    assert EvaluateSettings().json_file == Path("named.json")
    assert EvaluateSettings(json="given.json").json_file == Path("given.json")


def test_output_folder_is_checked_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="make it first"):
        evaluate(EvaluateSettings(json=tmp_path / "gone" / "a.json"))


def test_missing_model_is_named(tmp_path: Path, striped_zip: Path) -> None:
    with pytest.raises(NotFoundError, match="no model at"):
        evaluate(EvaluateSettings(data=striped_zip, model=tmp_path / "gone.onnx"))


def test_a_file_that_is_no_model(tmp_path: Path, striped_zip: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(SetupError, match="cannot be loaded"):
        evaluate(EvaluateSettings(data=striped_zip, model=tmp_path / "junk.onnx"))
