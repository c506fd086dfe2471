from __future__ import annotations

import itertools

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.drawing import (
    MASK_COLOURS,
    MASK_STYLES,
    MAX_TURN,
    SIZES,
    drawn_mask,
    size_for,
    turn_for,
)

PAIRS = list(itertools.product(MASK_STYLES, MASK_COLOURS))


def alpha_at(mask, across: float, down: float) -> int:
    """Alpha at a place between the pivots, 0 to 1 each way."""
    (left, top), _, (right, bottom), _ = mask.anchors
    x, y = left + across * (right - left), top + down * (bottom - top)
    return int(mask.pixels[int(y), int(x), 3])


@pytest.mark.parametrize(("style", "colour"), PAIRS)
@pytest.mark.parametrize("size", SIZES[:3])
def test_a_mask_covers_the_middle_and_leaves_the_eyes(style, colour, size):
    mask = drawn_mask(style, colour, 0, size)
    assert mask.pixels.dtype == np.uint8
    for place in ((0.5, 0.1), (0.5, 0.5), (0.25, 0.5), (0.75, 0.5), (0.5, 0.95)):
        assert alpha_at(mask, *place) > 250
    for place in ((0.2, 0.0), (0.8, 0.0), (0.5, -0.06), (0.02, 0.98), (0.98, 0.98)):
        assert alpha_at(mask, *place) < 40


@pytest.mark.parametrize(("style", "colour"), PAIRS)
def test_colours_are_multiplied_by_alpha(style, colour):
    pixels = drawn_mask(style, colour, 16, 128).pixels.astype(int)
    assert (pixels[..., :3] <= pixels[..., 3:] + 2).all()


@pytest.mark.parametrize("style", MASK_STYLES)
def test_white_is_bright_and_black_is_dark_and_both_are_shaded(style):
    def brightness(colour: str) -> np.ndarray:
        pixels = drawn_mask(style, colour, 0, 128).pixels
        return pixels[pixels[..., 3] == 255][:, :3].mean(axis=1)

    white, black = brightness("white"), brightness("black")
    assert white.mean() > 200
    assert black.mean() < 70
    assert white.std() > 4
    assert black.std() > 1


def test_the_styles_are_different():
    surgical, cloth = (drawn_mask(style, "white", 0, 64).pixels for style in MASK_STYLES)
    assert np.abs(surgical.astype(int) - cloth).mean() > 3


@pytest.mark.parametrize(("style", "colour"), PAIRS)
def test_a_turn_to_the_left_mirrors_a_turn_to_the_right(style, colour):
    left = drawn_mask(style, colour, -24, 128).pixels[..., 3].astype(int)
    right = drawn_mask(style, colour, 24, 128).pixels[:, ::-1, 3]
    assert np.abs(left - right).mean() < 2


def test_the_far_strap_of_a_turned_head_is_hidden():
    mask = drawn_mask("surgical", "black", 48, 128)
    left_end, right_end = int(mask.anchors[0, 0]), int(mask.anchors[1, 0])
    assert mask.pixels[:, right_end + 3 :, 3].max() < 40
    assert mask.pixels[:, : left_end + 40, 3].max() > 200


def test_a_drawing_is_made_once_and_cannot_be_changed():
    mask = drawn_mask("cloth", "white", 8, 64)
    assert drawn_mask("cloth", "white", 8, 64) is mask
    with pytest.raises(ValueError, match="read-only"):
        mask.pixels[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("middle", "covered", "turn"),
    [
        (0.5, (0.2, 0.8), 0),
        (0.65, (0.2, 0.8), 16),
        (0.35, (0.2, 0.8), -16),
        (1.0, (0.6, 0.98), MAX_TURN),
        (0.0, (0.02, 0.4), -MAX_TURN),
        # A mouth near the left edge keeps the mask from being drawn turned away from it.
        (0.8, (0.06, 0.9), -16),
    ],
)
def test_turn_for_a_middle_line(middle, covered, turn):
    assert turn_for(middle, covered) == turn


@pytest.mark.parametrize(("width", "size"), [(1, 64), (64, 64), (65, 128), (500, 512), (9000, 512)])
def test_size_for_a_width(width, size):
    assert size_for(width) == size
