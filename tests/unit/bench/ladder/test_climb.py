from __future__ import annotations

import json
import zipfile
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from maskmesh.bench.ladder import climb as climbing
from maskmesh.bench.ladder.climb import Ground, Step, climb, every_nth
from maskmesh.bench.ladder.page import as_markdown, save_numbers
from maskmesh.bench.ladder.rungs import BELOW, Rung
from maskmesh.services.runtime.pictures import encode_png
from maskmesh.training.labels import CLASSES
from maskmesh.training.preparation import Workplace
from tests.unit.training.conftest import striped_faces

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

SMALL = MappingProxyType(
    {
        "widths": (4, 6),
        "batch_size": 8,
        "dtype_policy": "float32",
        "schedule": "plateau",
        "warm_up_epochs": 0.0,
        "teacher": "",
    }
)
RUNGS = (
    Rung("ground", "nothing", SMALL),
    Rung("flip", "no mirrors", MappingProxyType({"flip": False}), kept=False),
    Rung(
        "votes",
        "the rung below votes",
        MappingProxyType({"soft_labels": BELOW, "soft_label_weight": 0.5}),
    ),
)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    file = tmp_path / "striped.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for seed, (split, per_class) in enumerate((("train", 6), ("validation", 2))):
            images, labels = striped_faces(per_class, seed)
            for index, (image, label) in enumerate(zip(images, labels, strict=True)):
                archive.writestr(f"{split}/{CLASSES[label]}/{index:03d}.png", encode_png(image))
    train, validation = every_nth(file, 2)
    place = Workplace(tmp_path / "cache", 1)
    return Ground(train, validation, 1, tmp_path / "runs", place)


def test_every_nth_face_is_trained_on_and_all_are_judged(ground: Ground) -> None:
    assert len(ground.train) == 21
    assert np.bincount(ground.train.labels).tolist() == [3] * 7
    assert len(ground.validation) == 14


def test_each_rung_is_trained_judged_and_compared_with_the_one_below(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = list(climb(ground, RUNGS))
    assert [step.under for step in steps] == ["", "ground", "ground"]
    for step in steps:
        assert (ground.runs / step.rung.name / "answers.npz").exists()
        assert step.gain_interval[0] <= step.gain <= step.gain_interval[1]
    ground_step, flip, _ = steps
    both = [(s.masked["accuracy"] + s.unmasked["accuracy"]) / 2 for s in (ground_step, flip)]
    assert flip.gain == pytest.approx(both[1] - both[0])

    def no_training(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(climbing, "_judged_by", no_training)
    again = list(climb(ground, RUNGS))
    assert [step.masked for step in again] == [step.masked for step in steps]

    table = as_markdown(steps)
    assert table.count("\n") == 2 + len(RUNGS)
    assert "| flip | no mirrors | ground |" in table
    save_numbers(steps, tmp_path / "ladder.json")
    rows = json.loads((tmp_path / "ladder.json").read_text())
    assert [row["kept"] for row in rows] == [True, False, True]
    assert rows[1]["gain"] == flip.gain


def test_the_table_shows_gains_in_points() -> None:
    worth = {"accuracy": 0.5, "macro_f1": 0.4, "disgust_recall": 0.25}
    step = Step(RUNGS[1], "ground", worth, worth, -0.0123, (-0.02, 0.004))
    row = as_markdown([step]).splitlines()[-1]
    assert row == (
        "| flip | no mirrors | ground | 50.0% | 50.0% | 0.400 | 25% | -1.2 (-2.0 to +0.4) | no |"
    )
