from __future__ import annotations

import numpy as np

from maskmesh.clients.demo.contact_sheet import CAPTION, GAP, TILE, ContactSheet, grid
from maskmesh.services.runtime.pictures import read_picture


def test_evenly_spread_frames_are_laid_out_in_order(tmp_path):
    sheet = ContactSheet(frames=240, tiles=12)
    for index in range(240):
        sheet.add(index, index / 20, np.full((480, 640, 3), (index, 0, 0), np.uint8))
    sheet.write(tmp_path / "s.png")
    rgb = read_picture(tmp_path / "s.png")
    height, width = TILE[1] + CAPTION + GAP, TILE[0] + GAP
    assert rgb.shape == (3 * height + GAP, 4 * width + GAP, 3)
    middles = rgb[GAP + 180 :: height, GAP + 240 :: width][:3, :4]
    # The blue of B, G, R.
    assert middles[..., 2].ravel().tolist() == [18 + 20 * i for i in range(12)]


def test_a_clip_shorter_than_the_sheet_shows_what_there_is(tmp_path):
    sheet = ContactSheet(frames=240)
    sheet.add(18, 0.9, np.full((48, 64, 3), 90, np.uint8))
    sheet.write(tmp_path / "s.png")
    assert read_picture(tmp_path / "s.png")[GAP + 180, GAP + 240].tolist() == [90, 90, 90]


def test_an_empty_sheet_is_a_picture_too():
    assert grid([]).size > 0
