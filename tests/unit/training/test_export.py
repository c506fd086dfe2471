from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, SetupError
from maskmesh.training import export as export_module
from maskmesh.training.evaluation.evaluate import evaluate, summary
from maskmesh.training.evaluation.settings import EvaluateSettings
from maskmesh.training.export import export
from maskmesh.training.export_settings import ExportSettings
from maskmesh.training.labels import CLASSES
from maskmesh.training.settings import TrainSettings, run_train

from .conftest import as_toml, quick


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="module", params=["paper", "best"])
def settings(folder: Path, striped_zip: Path, request: pytest.FixtureRequest) -> ExportSettings:
    """Settings of an export from a short run."""
    common = {
        "data": striped_zip,
        "run": folder / request.param,
        "cache": folder / "cache",
        "threads": 1,
    }
    recipe = as_toml(quick(request.param, warm_up_epochs=0.0), folder / f"{request.param}.toml")
    run_train(TrainSettings(**common, recipe=str(recipe), epochs=2))
    return ExportSettings(**common, output=folder / f"models-{request.param}")


def test_export_and_evaluate_end_to_end(settings: ExportSettings, tmp_path: Path) -> None:
    file = export(settings)
    assert file == settings.output / "expression" / "1" / "model.onnx"
    names = sorted(path.name for path in file.parent.iterdir())
    assert names == [
        "confusion_masked.png",
        "confusion_unmasked.png",
        "model.onnx",
        "model_card.md",
    ]

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["labels"]) == [*CLASSES]
    assert metadata["input_size"] == "48"
    assert (metadata["model_name"], metadata["version"]) == ("expression", "1")
    assert json.loads(metadata["recipe"])["seed"] == 20
    metrics = json.loads(metadata["metrics"])
    assert metrics["parity"]["other_class"] == 0
    assert metrics["parity"]["max_difference"] <= 1e-5

    # The card's and the metadata's numbers are those that evaluate finds.
    for mask, name in (("none", "unmasked"), ("synthetic", "masked")):
        judged = EvaluateSettings(
            data=settings.data,
            model=file,
            mask=mask,
            json=tmp_path / f"{name}.json",
            plot=tmp_path / f"{name}.png",
            threads=1,
        )
        evaluate(judged)
        result = json.loads((tmp_path / f"{name}.json").read_text())
        assert result["accuracy"] == pytest.approx(metrics[f"{name}_accuracy"], abs=1e-4)
        assert result["n"] == 21
        assert np.asarray(result["confusion"]).shape == (7, 7)
        assert result["model"] == {"name": "expression", "version": "1"}
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
        assert summary(result).row_count == 7
    card = (file.parent / "model_card.md").read_text()
    assert f"| accuracy | {metrics['masked_accuracy']:.4f} |" in card
    assert "gaiter" in card
    assert ("none wears bandana" in card) == ("taught the other" in card) == ("best" in str(file))


def test_another_export_takes_the_place_of_the_first(settings: ExportSettings) -> None:
    again = export(settings)
    assert sorted(path.name for path in again.parent.parent.iterdir()) == ["1"]
    assert len(list(again.parent.iterdir())) == 4


def test_nothing_is_left_behind_when_the_disk_is_full(
    settings: ExportSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_module, "plot_confusion", full)
    with pytest.raises(OSError, match="No space left"):
        export(settings.model_copy(update={"output": tmp_path / "models"}))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_nothing_is_written_when_onnx_and_keras_disagree(
    settings: ExportSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = export_module.keras_answers

    def off(*args: object) -> object:
        answers = real(*args)
        return type(answers)(np.roll(answers.probabilities, 1, axis=1), answers.mask)

    monkeypatch.setattr(export_module, "keras_answers", off)
    elsewhere = settings.model_copy(update={"output": tmp_path / "models"})
    with pytest.raises(SetupError, match="nothing was written"):
        export(elsewhere)
    assert not (tmp_path / "models").exists()


def test_a_model_that_is_too_large_is_not_written(
    settings: ExportSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "MAX_BYTES", 10_000)
    with pytest.raises(SetupError, match="the limit is 10,000"):
        export(settings.model_copy(update={"output": tmp_path / "models"}))
    assert not (tmp_path / "models").exists()


def test_export_needs_a_run_and_its_own_data(settings: ExportSettings, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="run maskmesh train first"):
        export(settings.model_copy(update={"run": tmp_path}))
    other = tmp_path / "other"
    with zipfile.ZipFile(settings.data) as archive:
        archive.extractall(other)
    (other / "validation" / "sad" / "015.png").unlink()
    with pytest.raises(InvalidInputError, match="not what the run"):
        export(settings.model_copy(update={"data": other}))
