from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from maskmesh.bench.synthesis.kills import Kill, Kills
from maskmesh.bench.synthesis.memory import Course
from maskmesh.bench.synthesis.peer import Outcome, SideBySide
from maskmesh.bench.synthesis.rates import Rate
from maskmesh.bench.synthesis.report import report
from maskmesh.bench.synthesis.run import Results, run, unpack_portraits
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import encode_png, read_picture

NOTHING = {
    "mask_the_face": None,
    "portraits": None,
    "portrait_count": 1,
    "data": None,
    "rate_faces": 0,
    "repeats": 1,
    "memory_faces": 0,
    "kills": 0,
    "kill_faces": 1,
    "workers": 1,
}


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    for index in range(6):
        (folder / f"class{index % 2}").mkdir(parents=True, exist_ok=True)
        side = 350 if index != 3 else 340
        png = encode_png(np.full((350, side), index, np.uint8))
        (folder / f"class{index % 2}" / f"{index}.png").write_bytes(png)
    return folder


def test_portraits_of_one_size_are_taken_evenly(pictures, tmp_path):
    files = unpack_portraits(pictures, 2, tmp_path / "out")
    assert [file.name for file in files] == ["class0_0.png", "class0_4.png"]
    assert read_picture(files[1], "L")[0, 0] == 4
    assert len(unpack_portraits(pictures, 99, tmp_path / "out")) == 5
    for path in pictures.rglob("*.png"):
        path.write_bytes(encode_png(cv2.resize(read_picture(path, "L"), (64, 64))))
    with pytest.raises(NotFoundError, match="no pictures of 350 × 350"):
        unpack_portraits(pictures, 2, tmp_path / "out")


def test_nothing_asked_for_is_told(tmp_path):
    with pytest.raises(InvalidInputError, match="nothing to measure"):
        run(**NOTHING, scratch=tmp_path)


def test_every_part_has_a_table_and_numbers(tmp_path, capsys):
    def outcomes(*seconds):
        return tuple(Outcome(s, s / 2, written=True) for s in seconds)

    dropped = Outcome(0.1, 0.1, written=False)
    results = Results(
        peer=SideBySide(
            (*outcomes(0.1, 0.12), dropped), outcomes(0.005, 0.006, 1), outcomes(0.05, 0.06, 1)
        ),
        rates={
            "in-process": Rate(100, 1100, (3.0,), (4.0,)),
            "over the mesh": Rate(100, 1100, (2.0,), (3.25,)),
        },
        memory=[Course("main", (0.0, 1.0, 2.0, 3.0), (100.0, 120.0, 120.0, 120.0))],
        kills=Kills(5.0, 20, (Kill(1.5, 3, ()), Kill(2.5, 7, ("a.png", "b.png")))),
    )
    report(results, tmp_path / "new" / "numbers.json")
    numbers = json.loads((tmp_path / "new" / "numbers.json").read_text())
    peer = numbers["mask_the_face"]
    assert peer["dropped"]["MaskTheFace"] == 1
    assert peer["compared"]["picture is the face"]["ratio"] == pytest.approx(20.0)
    assert peer["compared"]["picture is the face"]["pictures"] == 2
    assert peer["compared"]["neither's search counted"]["ratio"] == pytest.approx(2.0)
    assert numbers["rates"]["in-process"]["running_per_s"] == pytest.approx(1000.0)
    assert numbers["rates"]["over the mesh"]["share"] == pytest.approx(0.8)
    assert numbers["memory"][0]["peak_mb"] == 120.0
    assert numbers["kills"]["identical"] == 1
    shown = " ".join(capsys.readouterr().out.split())
    for word in ("20.0", "over the mesh", "0.80", "1 of 2 byte-identical", "a.png, b.png"):
        assert word in shown
