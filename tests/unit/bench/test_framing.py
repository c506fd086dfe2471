from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from maskmesh.bench import framing
from maskmesh.bench.framing import ALL, CANDIDATES, SWEEPS, judge, run, summarise
from maskmesh.bench.framing_choice import PRESENT
from maskmesh.bench.framing_faces import Face, Framing
from maskmesh.bench.framing_plot import plot_framing
from maskmesh.cli.bench_framing import BenchFraming
from maskmesh.services.classification.classifier import Classified
from maskmesh.services.classification.repository import ModelFile
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.pictures import read_picture

SIDE = 96


class MiddleClassifier:
    """Says class 3 if a crop is dark outside and bright in just its middle half, else class 0."""

    model = ModelFile("middle", "1", Path("middle.onnx"))

    def __init__(self):
        self.calls = []

    def classify(self, crops):
        self.calls.append(len(crops))
        probabilities = np.zeros((len(crops), 7), np.float32)
        for row, crop in enumerate(crops):
            assert crop.shape == (48, 48)
            wanted = np.zeros((48, 48), bool)
            wanted[12:36, 12:36] = True
            right = ((crop > 128) == wanted).mean() > 0.98
            probabilities[row, 3 if right else 0] = 1.0
        return Classified(probabilities, np.zeros(len(crops), np.float32))


def face(label=3, masked=True, dy=0.0, share=0.5):
    """A face of 96 pixels whose middle is bright, off the box's middle by dy of the side."""
    picture = np.zeros((3 * SIDE, 3 * SIDE), np.uint8)
    half = round(share * SIDE / 2)
    row = round(1.5 * SIDE + dy * SIDE)
    column = round(1.5 * SIDE)
    picture[row - half : row + half, column - half : column + half] = 255
    box = (float(SIDE), float(SIDE), float(SIDE), float(SIDE))
    return Face(picture, picture if masked else None, box, label)


def test_every_sweep_and_candidate_is_measured_and_the_present_comes_first():
    assert ALL[0] == CANDIDATES[0] == PRESENT
    assert set(CANDIDATES) <= set(ALL)
    for name, sweep in SWEEPS.items():
        assert set(sweep) <= set(ALL)
        assert PRESENT in sweep
        values = [getattr(one, name) for one in sweep]
        assert min(values) == (0.7 if name == "scale" else -0.3)
        assert max(values) == (1.5 if name == "scale" else 0.3)
    assert len(set(ALL)) == len(ALL)


def test_faces_are_right_where_the_crop_fits(monkeypatch):
    monkeypatch.setattr(framing, "BATCH", 2)
    classifier = MiddleClassifier()
    framings = (PRESENT, Framing(dy=0.2), Framing(dx=0.2), Framing(scale=1.5))
    faces = [face(), face(dy=0.2), face(share=0.75), face(label=0)]
    judged = judge("set", faces, classifier, framings)
    assert judged.right.shape == (2, 4, 4)
    assert (judged.right[0] == judged.right[1]).all()
    wanted = [[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1], [0, 0, 1, 1]]
    assert judged.right[0].astype(int).tolist() == wanted
    assert set(classifier.calls) == {2}


def test_faces_without_a_mask_are_left_out_of_both_kinds():
    bare = face(masked=False)
    judged = judge("set", [bare, face(), face()], MiddleClassifier(), (PRESENT,))
    assert judged.right.shape == (2, 1, 2)
    assert judged.left_out == 1
    with pytest.raises(InvalidInputError, match=r"set has 1 faces .*, at least 2"):
        judge("set", [bare, face()], MiddleClassifier(), (PRESENT,))


def test_a_framing_that_fits_both_sets_gains_on_both():
    wide = [face(share=0.6) for _ in range(20)]
    sets = [judge(name, wide, MiddleClassifier()) for name in ("one", "two")]
    summary = summarise(sets, seed=1)
    for name in ("one", "two"):
        assert summary[name].best.framing == Framing(scale=1.2)
        assert {other: gain.gain for other, gain in summary[name].gains.items()} == {
            "one": 1.0,
            "two": 1.0,
        }


def test_the_plot_has_a_row_for_each_set(tmp_path):
    judged = [judge(name, [face()] * 4, MiddleClassifier()) for name in ("one", "two")]
    plot_framing(judged, SWEEPS, tmp_path / "new" / "two.png")
    plot_framing(judged[:1], SWEEPS, tmp_path / "one.png")
    two = read_picture(tmp_path / "new" / "two.png")
    one = read_picture(tmp_path / "one.png")
    assert len(two) == pytest.approx(2 * len(one), abs=4)
    assert two.shape[1] == one.shape[1]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["two.png"]
    # Both colours are drawn.
    colours = {tuple(value) for value in two.reshape(-1, 3)}
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colours


def test_numbers_are_printed_and_written(tmp_path, monkeypatch, capsys):
    asked = {}

    def crops(data, split, limit, seed):
        asked["faces"] = (data.name, split, limit, seed)
        return [face(), face(dy=0.2)]

    def photos(data, reference, seed):
        asked["portraits"] = (data.name, reference.name, seed)
        return [face(), face(), face(masked=False)]

    monkeypatch.setattr(framing, "fer_faces", crops)
    monkeypatch.setattr(framing, "portrait_faces", photos)
    monkeypatch.setattr(framing, "open_classifier", lambda model, threads: MiddleClassifier())
    settings = BenchFraming(
        faces=tmp_path / "f.zip",
        portraits=tmp_path / "p.zip",
        reference=tmp_path / "p.json",
        limit=9,
        seed=3,
        json_file=tmp_path / "new" / "out.json",
        plot=tmp_path / "out.png",
    )
    settings.cli_cmd()
    assert asked == {"faces": ("f.zip", "validation", 9, 3), "portraits": ("p.zip", "p.json", 3)}
    numbers = json.loads((tmp_path / "new" / "out.json").read_text())
    assert (numbers["model"], numbers["seed"]) == ({"name": "middle", "version": "1"}, 3)
    one, two = numbers["sets"]["f validation"], numbers["sets"]["p"]
    assert (one["faces"], one["left_out"], two["faces"], two["left_out"]) == (2, 0, 2, 1)
    assert len(one["framings"]) == len(ALL)
    present = one["framings"][0]
    assert (present["scale"], present["dx"], present["dy"]) == (1.0, 0.0, 0.0)
    assert present["masked"]["accuracy"] == present["unmasked"]["accuracy"] == 0.5
    assert two["best"]["framing"] == {"scale": 1.0, "dx": 0.0, "dy": 0.0}
    assert set(two["gains"]) == {"f validation", "p"}
    assert (tmp_path / "out.png").stat().st_size > 10_000
    printed = capsys.readouterr().out
    assert "| scale |" in printed
    assert "f validation, masked" in printed


def test_photos_of_ones_own_need_boxes(tmp_path):
    with pytest.raises(InvalidInputError, match="pass --reference"):
        run(
            **{**BenchFraming().model_dump(), "portraits": tmp_path / "p.zip", "reference": None},
        )
