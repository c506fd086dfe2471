from __future__ import annotations

import json

import numpy as np
import pytest

from maskmesh.clients.synthesize.reports import MANIFEST, SUMMARY, Reasons, write_reports
from maskmesh.clients.synthesize.sheets import CAPTION, FRAME, TILE, sheet_names
from maskmesh.services.runtime.pictures import encode_png, read_picture

GAP = 8


def line(output, *, face=0, box=None, fit=0.9, status="written", reason=None):
    return json.dumps(
        {
            "output": output if status == "written" else None,
            "class": output.rpartition("/")[0],
            "status": status,
            "reason": reason,
            "face": face,
            "box": box,
            "style": "cloth",
            "pattern": "plain",
            "position": "proper",
            "fit": fit,
        }
    )


@pytest.fixture
def photo(tmp_path):
    """A white photo with two faces: a red and a blue square."""
    pixels = np.full((400, 600, 3), 255, np.uint8)
    pixels[50:90, 50:90] = (255, 0, 0)
    pixels[250:290, 450:490] = (0, 0, 255)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(encode_png(pixels))
    return tmp_path


def tile(sheet, column):
    left = GAP + column * (TILE[0] + GAP)
    return sheet[GAP : GAP + TILE[1] + CAPTION, left : left + TILE[0]]


def test_a_sheet_shows_every_face_near_with_a_caption_and_frames_what_fits_badly(photo):
    lines = [
        line("a/1.png", box=[50, 50, 40, 40]),
        line("a/1.png", face=1, box=[450, 250, 40, 40], fit=0.31),
    ]
    summary = write_reports(lines, {"seed": 1}, photo)
    assert summary["faces"] == {"written": 2}
    sheet = read_picture(photo / "contact_sheet.a.png")
    good, bad = tile(sheet, 0), tile(sheet, 1)
    assert tuple(good[56, 56]) == (255, 0, 0)
    assert tuple(bad[56, 56]) == (0, 0, 255)
    # 40 pixels of 40 + 2 × 16 fill over a quarter of the tile.
    assert 0.25 < (good[: TILE[1]] == (255, 0, 0)).all(axis=2).mean() < 0.4
    assert tuple(bad[0, 50]) == FRAME[::-1]
    assert tuple(good[0, 50]) == (255, 255, 255)
    assert (good[TILE[1] :] > 150).any()


def test_reports_are_written_beside_the_pictures(photo):
    lines = [line("a/1.png"), line("a/2.png", status="skipped", reason="no picture by its name")]
    summary = write_reports(lines, {"seed": 1}, photo)
    assert (photo / MANIFEST).read_text().splitlines() == lines
    assert json.loads((photo / SUMMARY).read_text()) == summary
    assert summary["classes"] == {"a": {"skipped": 1, "written": 1}}
    assert summary["reasons"] == {"no picture by its name": 1}


def test_reasons_that_differ_in_numbers_add_up_and_others_stay_as_they_are():
    reasons = Reasons()
    for reason in (
        "its name is no text in UTF-8: rename it",
        "its name is no text in UTF-8: rename it",
        "its name is no text in UTF-8: rename it",
        "these 20 bytes are no picture",
        "these 1,300 bytes are no picture",
        "damaged (Bad CRC-32 for file 'a.png')",
    ):
        reasons.add(reason)
    assert reasons.summary() == {
        "its name is no text in UTF-8: rename it": 3,
        "these … bytes are no picture": 2,
        "damaged (Bad CRC-32 for file 'a.png')": 1,
    }


def test_no_two_classes_share_a_sheet():
    assert sheet_names(["a/b", "", "a.b", "c"]) == {
        "": "contact_sheet.png",
        "a.b": "contact_sheet.a.b.png",
        "a/b": "contact_sheet.a.b_.png",
        "c": "contact_sheet.c.png",
    }
