from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.evaluation import report as report_module
from maskmesh.training.evaluation.report import FILES, check_place, write_report


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are files of one byte, where they do not matter."""
    for name in ("plot_confusion", "plot_reliability", "plot_conditions", "plot_corruptions"):
        monkeypatch.setattr(report_module, name, lambda *given: given[-1].write_bytes(b"."))


def test_everything_is_written_and_every_picture_is_shown(
    numbers: dict[str, Any], tmp_path: Path
) -> None:
    write_report(numbers, tmp_path / "report")
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == sorted(FILES)
    text = (tmp_path / "report" / "report.md").read_text()
    for name in FILES:
        if name.endswith(".png"):
            assert f"]({name})" in text
    assert json.loads((tmp_path / "report" / "report.json").read_text()) == json.loads(
        json.dumps(numbers)
    )


@pytest.mark.usefixtures("no_pictures")
def test_a_report_takes_the_place_of_an_earlier_one(
    numbers: dict[str, Any], tmp_path: Path
) -> None:
    write_report(numbers, tmp_path / "report")
    (tmp_path / "report" / "report.md").write_text("old")
    write_report(numbers, tmp_path / "report")
    assert (tmp_path / "report" / "report.md").read_text() != "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.usefixtures("no_pictures")
def test_other_files_are_never_taken_away(numbers: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "thesis.md").write_text("mine")
    with pytest.raises(InvalidInputError, match=r"thesis\.md.* would be lost"):
        write_report(numbers, tmp_path)
    with pytest.raises(InvalidInputError, match="would be lost"):
        check_place(tmp_path / "thesis.md")
    assert (tmp_path / "thesis.md").read_text() == "mine"


@pytest.mark.usefixtures("no_pictures")
def test_an_empty_folder_and_a_relative_one_will_do(
    numbers: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    write_report(numbers, Path("empty"))
    assert (tmp_path / "empty" / "report.json").is_file()


@pytest.mark.usefixtures("no_pictures")
def test_a_full_disk_leaves_the_earlier_report(
    numbers: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(numbers, tmp_path / "report")

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report_module, "plot_corruptions", full)
    with pytest.raises(OSError, match="No space left"):
        write_report({**numbers, "about": {**numbers["about"], "n": 0}}, tmp_path / "report")
    assert json.loads((tmp_path / "report" / "report.json").read_text())["about"]["n"] == 10
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
