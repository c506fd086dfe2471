from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.pictures import encode_png
from maskmesh.training.export import export
from maskmesh.training.export_settings import ExportSettings
from maskmesh.training.labels import CLASSES
from maskmesh.training.settings import TrainSettings, run_train

from .conftest import as_toml, quick, striped_faces


@pytest.fixture
def settings(striped_zip: Path, tmp_path: Path) -> TrainSettings:
    recipe = as_toml(quick("best", warm_up_epochs=0.0, batch_size=4), tmp_path / "quick.toml")
    return TrainSettings(
        data=striped_zip,
        recipe=str(recipe),
        cache=tmp_path / "cache",
        run=tmp_path / "run",
        epochs=1,
        threads=1,
    )


def test_measuring_trains_nothing(
    settings: TrainSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    run_train(settings.model_copy(update={"measure": 3}))
    told = capsys.readouterr().out
    assert "input ÷ training" in told
    assert [path.name for path in settings.run.iterdir()] == ["dataset.json"]


def test_measuring_needs_enough_batches(settings: TrainSettings) -> None:
    with pytest.raises(InvalidInputError, match="an epoch has only 7 batches"):
        run_train(settings.model_copy(update={"measure": 3, "per_class": 2}))


def test_class_folders_alone_can_be_trained_on_and_exported(
    settings: TrainSettings, tmp_path: Path
) -> None:
    file = tmp_path / "unsplit.zip"
    images, labels = striped_faces(12, seed=3)
    with zipfile.ZipFile(file, "w") as archive:
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            archive.writestr(f"{CLASSES[label].title()}/{index}.png", encode_png(image))
    run_train(settings.model_copy(update={"data": file, "validation_share": 0.4}))
    data = json.loads((settings.run / "data.json").read_text())
    assert data["validation_share"] == 0.4
    assert sum(data["counts"].values()) == 84
    made = export(
        ExportSettings(
            run=settings.run, data=file, cache=settings.cache, output=tmp_path / "m", threads=1
        )
    )
    assert made.is_file()


def test_training_faces_that_are_validation_faces_are_left_out(
    settings: TrainSettings, striped_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "leaky.zip"
    file.write_bytes(striped_zip.read_bytes())
    leaked = np.random.default_rng(8).integers(0, 256, (48, 48), dtype=np.uint8)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("train/sad/leak.png", encode_png(leaked[:, ::-1]))
        archive.writestr("validation/sad/leak.png", encode_png(leaked))
    run_train(settings.model_copy(update={"data": file, "run": None}))
    named_after_the_recipe = tmp_path / "runs" / "quick"
    data = json.loads((named_after_the_recipe / "data.json").read_text())
    assert data["counts"] == {"train": 56, "validation": 22}
    report = json.loads((named_after_the_recipe / "dataset.json").read_text())
    assert report["across_splits"] == [["train/sad/leak.png", "validation/sad/leak.png"]]
