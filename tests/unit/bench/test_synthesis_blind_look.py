from __future__ import annotations

import json

import numpy as np
import pytest

from maskmesh.bench.synthesis.blind_look import CAPTION, TILE, blind_look, run
from maskmesh.clients.demo.contact_sheet import GAP
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.runtime.pictures import encode_png, read_picture


@pytest.fixture(scope="module")
def crops(faces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("crops")
    for name in ("biden", "obama"):
        gray = read_picture(faces / f"{name}.jpg", "L")
        x, y, width, height = HaarFaceDetector().detect(gray)[0].box
        (folder / f"{name}.png").write_bytes(encode_png(gray[y : y + height, x : x + width]))
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_outputs_are_numbered_and_told_and_what_has_none_is_listed(crops, tmp_path):
    steps = []
    look = blind_look(crops, tmp_path / "new", 10, 4, advance=lambda: steps.append(1))
    assert list(look.skipped) == ["broken.png"]
    told = [json.loads(line) for line in look.key.read_text().splitlines()]
    assert [line["number"] for line in told] == [1, 2]
    assert {line["file"] for line in told} == {"biden.png", "obama.png"}
    assert all(line["position"] == "proper" for line in told)
    assert len(steps) == 2
    sheet = read_picture(look.sheet)
    assert sheet.shape[0] == TILE + CAPTION + 2 * GAP
    tiles = [sheet[GAP : GAP + TILE, GAP + i * (TILE + GAP) :][:, :TILE] for i in range(2)]
    assert all(tile.std() > 20 for tile in tiles)
    assert not np.array_equal(*tiles)


def test_the_seed_decides_everything(crops, tmp_path):
    sheets = [
        blind_look(crops, tmp_path / str(index), 2, seed).sheet.read_bytes()
        for index, seed in enumerate((4, 4, 5))
    ]
    assert sheets[0] == sheets[1] != sheets[2]


def test_the_command_says_what_was_skipped_and_where_the_sheet_lies(crops, tmp_path, capsys):
    run(data=crops, output=tmp_path, count=2, seed=4, min_fit=0.0, position="proper")
    shown = " ".join(capsys.readouterr().out.split())
    assert "skipped broken.png: these 10 bytes are not a picture" in shown
    assert "count the bad fits" in shown
    assert (tmp_path / "sheet.png").is_file()


def test_faces_of_a_bad_fit_are_skipped_and_told(crops, tmp_path):
    look = blind_look(crops, tmp_path, 2, 4, min_fit=1.0)
    assert set(look.skipped) == {"biden.png", "obama.png", "broken.png"}
    assert look.skipped["obama.png"].startswith("its fit score is ")
    assert look.key.read_text() == ""
