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
from maskmesh.training.inference import classify_faces, open_classifier
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
    return ExportSettings(
        **common,
        output=folder / f"models-{request.param}",
        mirrored=request.param == "best",
        bits=7 if request.param == "best" else 8,
        int8=request.param == "best",
    )


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
    assert 0.2 <= float(metadata["temperature"]) <= 5
    assert json.loads(metadata["mirrored"]) is settings.mirrored
    assert metadata["weight_bits"] == str(settings.bits)
    metrics = json.loads(metadata["metrics"])
    assert len(metrics["temperature_of_halves"]) == 2
    for name in ("masked", "unmasked"):
        views = metrics["mirroring"][name]
        shipped = "both_views" if settings.mirrored else "one_view"
        # Integers may change the class of a face that was undecided.
        assert settings.int8 or metrics[f"{name}_accuracy"] == views[shipped]
        low, high = views["gain_ci95"]
        assert low <= views["both_views"] - views["one_view"] + 1e-4
        assert high >= views["both_views"] - views["one_view"] - 1e-4
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
    for key in ("ece_cross_fitted", "ece_before_calibration"):
        assert f"| {metrics[f'masked_{key}']:.4f} | {metrics[f'unmasked_{key}']:.4f} |" in card
    assert f"{float(metadata['temperature']):.3f}" in card
    assert metadata["arithmetic"] == ("int8" if settings.int8 else "float32")
    words = "weights of 7 bits" if settings.int8 else "stored as 8-bit numbers"
    assert words in card
    assert ("which doubles the time" in card) == settings.mirrored
    assert "FER2013 (Goodfellow" not in card
    assert "gaiter" in card
    assert ("none wears bandana" in card) == ("taught the other" in card) == ("best" in str(file))


def test_mirrored_answers_do_not_change_with_the_mirror(settings: ExportSettings) -> None:
    classifier = open_classifier(export(settings.model_copy(update={"version": "41"})))
    faces = np.random.default_rng(5).integers(0, 256, (9, 48, 48), dtype=np.uint8)
    answers = [classify_faces(classifier, view) for view in (faces, faces[:, :, ::-1])]
    apart = np.abs(answers[0].probabilities - answers[1].probabilities).max()
    assert apart < 1e-6 if settings.mirrored else apart > 1e-5


def test_versions_are_counted_and_never_written_over_unasked(
    settings: ExportSettings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"output": tmp_path})
    made = [export(settings).parent for _ in range(2)]
    assert [folder.name for folder in made] == ["1", "2"]
    first = settings.model_copy(update={"version": "1"})
    with pytest.raises(InvalidInputError, match="to make version 3, or pass --replace"):
        export(first)
    (made[0] / "note.txt").touch()
    assert export(first.model_copy(update={"replace": True})).parent == made[0]
    assert not (made[0] / "note.txt").exists()
    assert sorted(path.name for path in made[0].parent.iterdir()) == ["1", "2"]


def test_a_version_that_somebody_else_made_meanwhile_is_kept(
    settings: ExportSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "expression" / "1" / "model.onnx"
    real = export_module.finish

    def finish(*args: object, **how: object) -> object:
        theirs.parent.mkdir(parents=True)
        theirs.write_bytes(b"theirs")
        return real(*args, **how)

    monkeypatch.setattr(export_module, "finish", finish)
    with pytest.raises(FileExistsError, match="made by somebody else meanwhile"):
        export(settings.model_copy(update={"output": tmp_path}))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [theirs]
    assert theirs.read_bytes() == b"theirs"


def test_replacing_needs_a_version() -> None:
    with pytest.raises(ValueError, match="--replace needs the --version"):
        ExportSettings(replace=True)


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


def test_an_artifact_that_lost_too_much_to_its_few_bits_is_not_written(
    settings: ExportSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = export_module.judge

    def worse(*args: object) -> dict[str, dict[str, object]]:
        reports = real(*args)
        reports["masked"]["accuracy"] -= 0.3
        return reports

    monkeypatch.setattr(export_module, "judge", worse)
    with pytest.raises(SetupError, match=r"fewer of the masked faces .*nothing was written"):
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
