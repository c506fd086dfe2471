from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.colouring import Paint, coloured
from maskmesh.services.mask_synthesis.drawing import drawn_mask
from maskmesh.services.mask_synthesis.overlay import (
    WarpedMask,
    overlay,
    supersampling_for,
    warp_mask,
)
from maskmesh.services.runtime.errors import NoFaceError

DRAWN = drawn_mask("surgical", "plain", 0, 256)
WHITE = (222, 226, 229)
MASK = replace(DRAWN, pixels=coloured(DRAWN.pixels, Paint(WHITE, WHITE)))
SHAPE = MASK.pixels.shape[:2]


def placed(mask: WarpedMask, shape: tuple[int, int]) -> np.ndarray:
    """The warped mask on an empty canvas as large as the picture."""
    canvas = np.zeros((*shape, 4), np.uint8)
    rows, columns = mask.pixels.shape[:2]
    canvas[mask.top : mask.top + rows, mask.left : mask.left + columns] = mask.pixels
    return canvas


def test_pivots_on_the_anchors_give_the_drawing_itself():
    warped = placed(warp_mask(MASK, MASK.anchors - 0.5, SHAPE), SHAPE)
    assert np.abs(warped.astype(int) - MASK.pixels).mean() < 2


@pytest.mark.parametrize("factor", [0.1, 0.25, 0.5])
def test_shrinking_averages_and_does_not_skip(factor):
    warped = warp_mask(MASK, (MASK.anchors * factor).astype(np.float32), SHAPE)
    expected = MASK.pixels.sum(axis=(0, 1), dtype=float) * factor**2
    np.testing.assert_allclose(warped.pixels.sum(axis=(0, 1), dtype=float), expected, rtol=0.02)


def test_thin_lines_survive_shrinking_evenly():
    small = drawn_mask("cloth", "plain", 0, 256)
    factor = 0.15
    shape = tuple(int(side * factor) for side in small.pixels.shape[:2])
    alphas = []
    for shift in (0.0, 0.25, 0.5, 0.75):
        quad = (small.anchors * factor + [shift, 0]).astype(np.float32)
        alphas.append(placed(warp_mask(small, quad, shape), shape)[..., 3].sum(dtype=float))
    assert max(alphas) / min(alphas) < 1.02


def test_perspective_narrows_the_far_side():
    quad = np.array([[20, 20], [180, 50], [180, 110], [20, 160]], np.float32)
    alpha = placed(warp_mask(MASK, quad, (200, 200)), (200, 200))[..., 3] > 128
    assert alpha[:, 40].sum() > 1.2 * alpha[:, 160].sum()


def test_the_crop_stays_inside_the_picture():
    quad = np.array([[-30, 20], [40, 20], [30, 70], [-20, 70]], np.float32)
    warped = warp_mask(MASK, quad, (60, 50))
    rows, columns = warped.pixels.shape[:2]
    assert warped.left == 0
    assert warped.left + columns <= 50
    assert warped.top + rows <= 60
    inside = placed(warped, (60, 50))
    shifted = placed(warp_mask(MASK, quad + 100, (200, 200)), (200, 200))[100:160, 100:150]
    assert np.abs(inside.astype(int) - shifted).max() <= 2


def test_a_mask_outside_of_the_picture_is_refused():
    quad = np.array([[200, 200], [240, 200], [235, 230], [205, 230]], np.float32)
    with pytest.raises(NoFaceError, match="outside of the picture"):
        warp_mask(MASK, quad, (100, 100))


@pytest.mark.parametrize("shape", [(80, 80), (80, 80, 3)])
def test_overlay_keeps_the_shape_and_what_is_not_covered(shape):
    image = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    before = image.copy()
    quad = np.array([[20, 30], [60, 30], [55, 60], [25, 60]], np.float32)
    warped = warp_mask(MASK, quad, (80, 80))
    result = overlay(image, warped)
    alpha = placed(warped, (80, 80))[..., 3]
    np.testing.assert_array_equal(image, before)
    assert result.shape == shape
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result[alpha == 0], image[alpha == 0])
    full = placed(warped, (80, 80))[alpha == 255][:, :3].mean()
    assert result[alpha == 255].mean() == pytest.approx(full, abs=2)


@pytest.mark.parametrize("alpha", [1, 40, 128, 254])
def test_part_alpha_mixes_light(alpha):
    colour = round(220 * alpha / 255)
    mask = WarpedMask(np.full((4, 4, 4), [colour, colour, colour, alpha], np.uint8), 2, 2)
    result = overlay(np.full((8, 8, 3), 50, np.uint8), mask)
    straight, share = colour * 255 / alpha, alpha / 255
    expected = np.sqrt(straight**2 * share + 50**2 * (1 - share))
    np.testing.assert_allclose(result[3, 3], min(expected, 255), atol=0.51)
    assert (result[0, 0] == 50).all()


def test_a_shadow_takes_light_and_never_brightens():
    image = np.random.default_rng(2).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[..., 3] = np.arange(256, dtype=np.uint8).reshape(16, 16)
    result = overlay(image, WarpedMask(pixels, 0, 0))
    assert (result <= image).all()
    np.testing.assert_array_equal(result[0, 0], image[0, 0])
    np.testing.assert_array_equal(result[15, 15], 0)


def test_a_read_only_picture_is_accepted():
    image = np.frombuffer(bytes(64), np.uint8).reshape(8, 8)
    mask = WarpedMask(np.full((2, 2, 4), 255, np.uint8), 3, 3)
    assert overlay(image, mask)[3:5, 3:5].min() == 255
    assert image.max() == 0


@pytest.mark.parametrize(("width", "samples"), [(20, 2), (64, 2), (128, 2), (129, 1), (900, 1)])
def test_small_targets_get_more_samples(width, samples):
    assert supersampling_for(width) == samples
