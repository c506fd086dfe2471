from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.picture_drawing import drawn_picture
from maskmesh.services.mask_synthesis.user_masks import UserMask


def striped(width: int = 300) -> UserMask:
    """Left third red, middle green, right third blue; beyond the anchors gray straps."""
    height = round(width * 0.5)
    pixels = np.zeros((height + 40, width + 60, 4), np.uint8)
    pixels[60:70] = (90, 90, 90, 255)
    third = width // 3
    for number in range(3):
        part = slice(30 + number * third, 30 + (number + 1) * third)
        pixels[20 : 20 + height, part] = 0
        pixels[20 : 20 + height, part, number] = 200
        pixels[20 : 20 + height, part, 3] = 255
    corners = [[30, 20], [30 + width, 20], [30 + width, 20 + height], [30, 20 + height]]
    return UserMask("striped", pixels, np.array(corners, np.float32), (1, 2, 3))


MASK = striped()


def widths(turn: int, size: int = 256) -> list[int]:
    """Pixels of red, green and blue in the middle row."""
    drawn = drawn_picture(MASK, turn, size)
    row = drawn.pixels[int(drawn.anchors[:, 1].mean())]
    return [int((row[:, channel] > 150).sum()) for channel in range(3)]


@pytest.mark.parametrize("size", [64, 256, 512])
def test_from_the_front_the_picture_is_as_it_was_given(size):
    drawn = drawn_picture(MASK, 0, size)
    assert np.ptp(drawn.anchors[:, 0]) == pytest.approx(size)
    assert widths(0, size) == pytest.approx([size / 3] * 3, abs=3)
    top, bottom = int(drawn.anchors[0, 1]), int(drawn.anchors[2, 1])
    column = drawn.pixels[:, int(drawn.anchors[:, 0].mean()), 3]
    assert np.flatnonzero(column > 200)[[0, -1]] == pytest.approx([top, bottom], abs=2)


def test_a_turned_head_shows_more_of_the_near_half():
    red, green, blue = widths(32)
    assert red > 1.2 * 256 / 3
    assert blue < 0.5 * 256 / 3
    assert widths(-32) == pytest.approx([blue, green, red], abs=4)


def test_turned_pictures_are_not_mirrored():
    row = drawn_picture(MASK, -32, 256).pixels[130]
    reds, blues = (np.flatnonzero(row[:, channel] > 150) for channel in (0, 2))
    assert reds.max() < blues.min()


def test_near_straps_follow_the_ear_and_far_ones_are_hidden():
    drawn = drawn_picture(MASK, 32, 256)
    left, right = int(drawn.anchors[0, 0]), int(drawn.anchors[1, 0])
    assert drawn.pixels[:, left + 5, 3].max() > 200
    assert drawn.pixels[:, right + 3 :, 3].max() == 0
    front = drawn_picture(MASK, 0, 256)
    assert front.pixels[:, right + 5, 3].max() > 200


def test_a_redrawn_picture_is_kept_and_cannot_be_changed():
    assert drawn_picture(MASK, 8, 64) is drawn_picture(MASK, 8, 64)
    assert drawn_picture(striped(), 8, 64) is not drawn_picture(MASK, 8, 64)
    with pytest.raises(ValueError, match="read-only"):
        drawn_picture(MASK, 8, 64).pixels[0, 0, 0] = 1


def test_what_lies_far_beyond_the_anchors_is_left_out():
    far = np.zeros((400, 3000, 4), np.uint8)
    far[150:250] = 255
    corners = [[1450, 150], [1550, 150], [1550, 250], [1450, 250]]
    drawn = drawn_picture(UserMask("far", far, np.array(corners, np.float32), (1, 1, 1)), 0, 64)
    assert drawn.pixels.shape[1] < 64 * 2.4
