from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from maskmesh.cli.main import main

# Around the one face of each photo, by hand, in FER2013's framing.
FACES = {"astronaut.jpg": [165, 70, 120, 120]}


@pytest.fixture
def photo_set(tmp_path: Path, faces: Path) -> tuple[Path, Path]:
    folder = tmp_path / "photos"
    folder.mkdir()
    reference = {}
    for name, box in FACES.items():
        shutil.copy(faces / name, folder / name)
        with Image.open(folder / name) as picture:
            width, height = picture.size
        face = {"box": box, "pose": "frontal", "covered": False, "ignore": False}
        reference[name] = {"width": width, "height": height, "faces": [face]}
    file = tmp_path / "reference.json"
    file.write_text(json.dumps(reference))
    return folder, file


def test_the_command_compares_and_writes_numbers_and_curve(
    photo_set: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, reference = photo_set
    numbers, plot = tmp_path / "new" / "numbers.json", tmp_path / "other" / "curve.png"
    options = {
        "data": folder,
        "reference": reference,
        "detectors": "frontalface_alt2,dlib_hog",
        "timed-photos": 1,
        "cache": tmp_path / "cache",
        "json": numbers,
        "plot": plot,
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    code = main(["bench", "location", *flags])
    shown = capsys.readouterr().out
    assert code == 0, shown
    rows = json.loads(numbers.read_text())
    assert list(rows) == ["frontalface_alt2", "dlib_hog"]
    alt2 = rows["frontalface_alt2"]
    assert alt2["unmasked"]["recall"] == alt2["unmasked"]["average_precision"] == 1.0
    assert alt2["unmasked"]["faces"] == alt2["photos"] == 1
    assert alt2["masked"]["photos"] == 0
    assert alt2["masked"]["recall"] is None
    assert alt2["cpu_ms_median"] > 0
    assert "| frontalface_alt2 |" in shown
    assert "100.0%" in shown
    with Image.open(plot) as picture:
        assert picture.width > 1000
    assert (tmp_path / "cache" / "dlib_hog.jsonl").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ([], "pass --reference JSON"),
        (["--reference", "none.json"], "no reference boxes at none.json"),
        (["--detectors", "yolo"], "no detector yolo"),
    ],
)
def test_what_is_missing_is_told_in_one_line(
    photo_set: tuple[Path, Path],
    extra: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "location", "--data", str(photo_set[0]), *extra]) == 1
    error = capsys.readouterr().err
    assert error.startswith("maskmesh bench location: error: ")
    assert message in error
    assert error.count("\n") == 1
