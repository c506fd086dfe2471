from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.colouring import Paint, coloured
from maskmesh.services.mask_synthesis.colours import NAMED
from maskmesh.services.mask_synthesis.drawing import (
    CACHE_BYTES,
    LESS_WORN_BYTES,
    MASK_STYLES,
    MAX_TURN,
    SIZES,
    DrawnMask,
    cache_limits,
    drawn_mask,
    size_for,
    turn_for,
)
from maskmesh.services.mask_synthesis.patterns import MASK_PATTERNS
from maskmesh.services.mask_synthesis.positions import POSITIONS

EVERYWHERE = ((0.5, 0.1), (0.5, 0.2), (0.25, 0.5), (0.75, 0.5), (0.5, 0.93))


def at(mask: DrawnMask, across: float, down: float) -> np.ndarray:
    """Channels at a place between the pivots, 0 to 1 each way."""
    left, top = mask.anchors[0]
    right, bottom = mask.anchors[2]
    x, y = left + across * (right - left), top + down * (bottom - top)
    return mask.pixels[int(y), int(x)]


@pytest.mark.parametrize("style", MASK_STYLES)
@pytest.mark.parametrize("size", SIZES[:3])
def test_a_mask_covers_nose_and_chin_and_leaves_the_eyes(style, size):
    mask = drawn_mask(style, "plain", 0, size)
    assert mask.pixels.dtype == np.uint8
    for place in (*EVERYWHERE[:2], EVERYWHERE[-1]):
        assert at(mask, *place)[3] > 250
    for place in ((0.25, -0.06), (0.75, -0.06), (0.5, -0.07)):
        assert at(mask, *place)[3] < 60
    # The neck is covered by the gaiter only.
    assert (at(mask, 0.06, 1.0)[3] > 250) == (style == "gaiter")


@pytest.mark.parametrize("style", MASK_STYLES)
def test_the_mouth_shows_through_the_clear_mask_only(style):
    mask = drawn_mask(style, "plain", 0, 128)
    alphas = [int(at(mask, across, 0.5)[3]) for across in (0.3, 0.4, 0.5, 0.6, 0.7)]
    if style == "clear":
        assert max(alphas) < 90
        assert min(alphas) > 8
    else:
        assert min(alphas) > 250


@pytest.mark.parametrize("style", MASK_STYLES)
@pytest.mark.parametrize("pattern", MASK_PATTERNS)
def test_what_is_seen_is_multiplied_by_alpha(style, pattern):
    pixels = drawn_mask(style, pattern, 16, 128).pixels
    for name in ("white", "black", "red"):
        painted = coloured(pixels, Paint(NAMED[name], NAMED["white"])).astype(int)
        assert (painted[..., :3] <= painted[..., 3:] + 2).all()


@pytest.mark.parametrize("style", MASK_STYLES)
def test_white_is_bright_and_black_is_dark_and_both_are_shaded(style):
    pixels = drawn_mask(style, "plain", 0, 128).pixels
    fabric = (pixels[..., 3] == 255) & (pixels[..., 0] > 60)

    def brightness(name: str) -> np.ndarray:
        return coloured(pixels, Paint(NAMED[name], NAMED[name]))[fabric][:, :3].mean(axis=1)

    white, black = brightness("white"), brightness("black")
    assert white.mean() > 180
    assert black.mean() < 70
    assert white.std() > 8
    assert black.std() > 2


def test_styles_and_patterns_are_different():
    shown = [drawn_mask(style, "plain", 0, 64).pixels[:50, :70] for style in MASK_STYLES]
    shown += [drawn_mask("cloth", pattern, 0, 64).pixels[:50, :70] for pattern in MASK_PATTERNS[1:]]
    for number, first in enumerate(shown):
        for second in shown[number + 1 :]:
            assert np.abs(first.astype(int) - second).mean() > 2


@pytest.mark.parametrize("pattern", MASK_PATTERNS)
def test_plain_fabric_has_no_second_colour_and_a_pattern_has_both(pattern):
    mask = drawn_mask("gaiter", pattern, 0, 128)
    first, second = (mask.pixels[..., channel].sum(dtype=int) for channel in (0, 1))
    assert first > 0
    assert (second > 0.08 * first) == (pattern != "plain")


@pytest.mark.parametrize("style", MASK_STYLES)
def test_a_turn_to_the_left_mirrors_a_turn_to_the_right(style):
    left, right = drawn_mask(style, "plain", -24, 128), drawn_mask(style, "plain", 24, 128)
    assert left.pixels is right.pixels
    width = right.pixels.shape[1]
    np.testing.assert_allclose(
        left.anchors[0], [width - right.anchors[0, 0], right.anchors[0, 1]], atol=1
    )
    np.testing.assert_array_equal(left.anchors[[1, 0, 3, 2]], right.anchors)
    # The middle of a face that is turned to the right lies right of the middle between the pivots.
    assert right.middle[0, 0] > right.anchors[:2, 0].mean() + 20


def test_the_far_strap_of_a_turned_head_is_hidden():
    mask = drawn_mask("surgical", "plain", 48, 128)
    left_end, right_end = int(mask.anchors[0, 0]), int(mask.anchors[1, 0])
    assert mask.pixels[:, right_end + 3 :, 3].max() < 40
    assert mask.pixels[:, : left_end + 40, 3].max() > 200


def test_a_drawing_is_made_once_and_cannot_be_changed():
    mask = drawn_mask("cloth", "plain", 8, 64)
    assert drawn_mask("cloth", "plain", 8, 64).pixels is mask.pixels
    with pytest.raises(ValueError, match="read-only"):
        mask.pixels[0, 0, 0] = 1


@pytest.mark.parametrize("position", POSITIONS)
def test_kept_drawings_are_bounded_in_bytes(position):
    limit = CACHE_BYTES.get(position, LESS_WORN_BYTES)
    for size, count in cache_limits(position).items():
        largest = max(
            drawn_mask(style, "plain", 0, size, position).pixels.nbytes for style in MASK_STYLES
        )
        assert 0.5 * limit < count * largest <= limit


def test_all_turns_of_the_plain_masks_are_kept_at_the_sizes_of_small_faces():
    assert cache_limits()[64] > len(MASK_STYLES) * (MAX_TURN // 8 + 1)


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
