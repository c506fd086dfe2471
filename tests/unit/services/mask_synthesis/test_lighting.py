from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.geometry import interocular_distance
from maskmesh.services.mask_synthesis.lighting import (
    MAX_GAIN,
    MAX_SLOPE,
    Lighting,
    face_lighting,
    lit,
)
from maskmesh.services.mask_synthesis.overlay import WarpedMask

RAMP = np.linspace(60, 180, 200).astype(np.uint8)


def flat(value: float) -> np.ndarray:
    return np.full((200, 200), value, np.uint8)


def ends(light: Lighting) -> tuple[float, float, float, float]:
    """Gains left of, right of, over and under the middle of the mask."""
    x, y = light.centre
    return (
        light.gain(x - 60, y),
        light.gain(x + 60, y),
        light.gain(x, y - 40),
        light.gain(x, y + 40),
    )


def test_an_evenly_lit_face_lights_the_mask_evenly(frontal):
    assert ends(face_lighting(flat(150), frontal)) == pytest.approx((1.0,) * 4)


def test_a_dark_face_darkens_the_mask_but_less(frontal):
    assert 60 / 150 < face_lighting(flat(60), frontal).level < 0.8


@pytest.mark.parametrize("rgb", [False, True])
def test_light_from_a_side_brightens_that_side(frontal, rgb):
    def light(image: np.ndarray) -> tuple[float, float, float, float]:
        pixels = np.ascontiguousarray(image)
        return ends(face_lighting(np.repeat(pixels[..., None], 3, 2) if rgb else pixels, frontal))

    from_right = light(np.tile(RAMP, (200, 1)))
    assert from_right[1] > from_right[0] + 0.15
    assert from_right[3] == pytest.approx(from_right[2], abs=0.02)
    from_left = light(np.tile(RAMP[::-1], (200, 1)))
    assert from_left[0] == pytest.approx(from_right[1], abs=0.03)
    from_below = light(np.tile(RAMP[:, None], (1, 200)))
    assert from_below[3] > from_below[2] + 0.08
    assert from_below[1] == pytest.approx(from_below[0], abs=0.02)


def test_the_slope_follows_the_picture_when_the_head_is_tilted(frontal):
    angle = 0.6
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    tilted = ((frontal - 100) @ turn + 100).astype(np.float32)
    light = face_lighting(np.tile(RAMP, (200, 1)), tilted)
    assert light.across > 5 * abs(light.down)


def test_a_sharp_shadow_is_followed_within_bounds(frontal):
    image = flat(20)
    image[:, 100:] = 220
    light = face_lighting(image, frontal)
    slope = light.across * interocular_distance(frontal) / light.level
    assert slope == pytest.approx(MAX_SLOPE, rel=0.01)
    left, right = ends(light)[:2]
    assert 0.3 < left < right <= MAX_GAIN


def test_a_dark_beard_hardly_changes_the_light(frontal):
    bearded = flat(160)
    bearded[int(frontal[57, 1]) :, :] = 15
    plain, light = face_lighting(flat(160), frontal), face_lighting(bearded, frontal)
    assert light.level > 0.85 * plain.level


def test_jitter_scales_and_the_gain_is_bounded(frontal):
    plain = face_lighting(flat(100), frontal).level
    assert face_lighting(flat(100), frontal, jitter=0.9).level == pytest.approx(0.9 * plain)
    assert face_lighting(flat(255), frontal, jitter=1.1).level == MAX_GAIN


def test_light_changes_evenly_over_the_mask_and_not_its_alpha():
    mask = WarpedMask(np.full((40, 80, 4), [100, 120, 140, 200], np.uint8), 10, 20)
    pixels = lit(mask, Lighting(0.75, 0.004, -0.002, (50.0, 40.0))).pixels
    assert (pixels[..., 3] == 200).all()
    assert (np.diff(pixels[20, :, 0].astype(int)) >= 0).all()
    assert (np.diff(pixels[:, 40, 0].astype(int)) <= 0).all()
    np.testing.assert_allclose(pixels[20, 40, :3], [75, 90, 105], atol=1)
    assert pixels[20, 70, 0] == pytest.approx(100 * (0.75 + 0.12), abs=1.5)
    assert pixels[5, 40, 0] == pytest.approx(100 * (0.75 + 0.03), abs=1.5)


def test_gains_stay_within_bounds_far_away():
    light = Lighting(0.9, 0.1, 0.0, (0.0, 0.0))
    assert light.gain(500, 0) == MAX_GAIN
    assert 0 < light.gain(-500, 0) < 0.2
