from __future__ import annotations

import json
from pathlib import Path

import pytest

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, SetupError
from maskmesh.training.evaluation.evaluate import evaluate, summary
from maskmesh.training.evaluation.report import FILES
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
    with pytest.raises(InvalidInputError, match="make it first"):
        evaluate(EvaluateSettings(report=tmp_path / "gone" / "report"))


def test_missing_model_is_named(tmp_path: Path, striped_zip: Path) -> None:
    with pytest.raises(NotFoundError, match="no model at"):
        evaluate(EvaluateSettings(data=striped_zip, model=tmp_path / "gone.onnx"))


def test_a_file_that_is_no_model(tmp_path: Path, striped_zip: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(SetupError, match="cannot be loaded"):
        evaluate(EvaluateSettings(data=striped_zip, model=tmp_path / "junk.onnx"))


def test_only_so_many_of_each_class(brightness_artifact: Path, gray_folder: Path) -> None:
    settings = EvaluateSettings(data=gray_folder, split=".", model=brightness_artifact)
    assert evaluate(settings)["n"] == 7
    two = evaluate(settings.model_copy(update={"per_class": 2}))
    assert [row["support"] for row in two["per_class"].values()] == [0, 0, 2, 2, 0, 0, 0]
    assert two["accuracy"] == 1.0


def test_report_of_class_folders_with_other_spellings_and_classes_missing(
    brightness_artifact: Path, gray_folder: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report"
    settings = EvaluateSettings(
        data=gray_folder,
        split=".",
        model=brightness_artifact,
        report=report,
        json=tmp_path / "numbers.json",
        threads=1,
    )
    result = evaluate(settings)
    assert sorted(path.name for path in report.iterdir()) == sorted(FILES)
    numbers = json.loads((report / "report.json").read_text())
    assert numbers["unmasked"]["accuracy"] == result["accuracy"] == 6 / 7
    assert json.loads((tmp_path / "numbers.json").read_text())["confusion"] == result["confusion"]
    # Angry was said once: F1 of angry 0, of fear 0.8, of happy 1.
    assert numbers["unmasked"]["macro_f1"] == pytest.approx(0.6)
    about = numbers["about"]
    assert about["classes_without_faces"] == ["angry", "disgust", "neutral", "sad", "surprise"]
    assert about["held_out_styles"] == ["bandana"]
    assert about["known_split"] is None
    text = (report / "report.md").read_text()
    assert "no faces of angry, disgust, neutral, sad, surprise" in text
    assert "| fear | 100.0 % (34.2 to 100.0) | 66.7 % (20.8 to 93.9) | 0.800 | 3 |" in text
    assert "| sad | – | – | – | 0 |" in text
    assert summary(result).row_count == 7


def test_the_masked_numbers_of_a_report_are_those_of_mask_synthetic(
    brightness_artifact: Path, gray_folder: Path, tmp_path: Path
) -> None:
    settings = EvaluateSettings(
        data=gray_folder,
        split=".",
        model=brightness_artifact,
        mask="synthetic",
        report=tmp_path / "report",
        threads=1,
    )
    result = evaluate(settings)
    masked = json.loads((tmp_path / "report" / "report.json").read_text())["masked"]
    assert {key: masked[key] for key in ("accuracy", "confusion", "ece")} == {
        key: result[key] for key in ("accuracy", "confusion", "ece")
    }


def test_a_split_that_the_model_knows_is_said(
    brightness_artifact: Path, gray_folder: Path, tmp_path: Path
) -> None:
    """The first of each class are another set than the split, but they are of it."""
    from maskmesh.training.dataset import load_splits
    from maskmesh.training.evaluation.artifact import ArtifactFacts
    from maskmesh.training.evaluation.evaluate import describe
    from maskmesh.training.evaluation.measure import Subject
    from maskmesh.training.inference import open_classifier

    whole = load_splits(gray_folder, ["."], all_classes=False)["."]
    facts = ArtifactFacts((), {"mine": whole.sha256})
    subject = Subject(open_classifier(brightness_artifact), facts, whole.head(1), seed=0)
    about = describe(subject, whole, per_class=1)
    assert about["known_split"] == "mine"
    assert about["data_sha256"] != whole.sha256
    assert (about["n"], about["at_most_per_class"]) == (2, 1)
