from __future__ import annotations

import numpy as np
import pytest

from maskmesh.clients.streaming.text import draw_text, line_height, text_width


def test_text_is_drawn_in_its_colour_within_its_line():
    picture = np.zeros((60, 200, 3), np.uint8)
    draw_text(picture, "happy", (20, 10), 16, (10, 200, 30))
    rows, columns = np.nonzero(picture[..., 1])
    assert rows.min() >= 10
    assert rows.max() < 10 + line_height(16)
    assert columns.min() >= 20
    assert columns.max() < 20 + text_width("happy", 16)
    assert picture[..., 1].max() > 150
    assert picture[..., 0].max() <= 10


@pytest.mark.parametrize("at", [(-30, 5), (190, 5), (50, -8), (50, 55), (500, 500), (-500, 0)])
def test_what_lies_outside_is_cut_off(at):
    whole = np.zeros((1200, 1400, 3), np.uint8)
    part = whole[550:610, 550:750].copy()
    draw_text(whole, "surprise", (550 + at[0], 550 + at[1]), 16, (255, 255, 255))
    draw_text(part, "surprise", at, 16, (255, 255, 255))
    np.testing.assert_array_equal(part, whole[550:610, 550:750])
