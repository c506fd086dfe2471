from __future__ import annotations

import cv2
import numpy as np
import pytest

from maskmesh.bench.clips import crossing, moving, room
from maskmesh.services.face_location.tracking.appearance import (
    PATCH_SIDE,
    Scene,
    blend,
    cut_patch,
    similarity,
)


@pytest.fixture(scope="module")
def views(people):
    """Each person's frame and square, all framed alike before the same background."""
    shown = {}
    for name, person in people.items():
        clip = moving(person, 1.0)
        shown[name] = clip.frame(0), clip.truth(0)[0].square
    return shown


def test_somebody_looks_like_themselves_and_not_like_others(views):
    patches = {name: cut_patch(*view) for name, view in views.items()}
    for name, patch in patches.items():
        assert similarity(patch, patch) == pytest.approx(1.0, abs=1e-5)
        for other, its in patches.items():
            assert name == other or similarity(patch, its) < 0.4


@pytest.mark.parametrize("name", ["astronaut", "obama", "biden"])
def test_other_light_and_a_box_a_little_off_change_little(views, name):
    gray, square = views[name]
    patch = cut_patch(gray, square)
    darker = np.clip(gray * 0.6 + 10.0, 0, 255).astype(np.uint8)
    assert similarity(patch, cut_patch(darker, square)) > 0.95
    assert similarity(patch, cut_patch(cv2.GaussianBlur(gray, (0, 0), 3), square)) > 0.9
    side = square[2]
    for off in ([0.06 * side, 0, 0, 0], [0, -0.06 * side, 0, 0], [0, 0, 0.06 * side, 0.06 * side]):
        assert similarity(patch, cut_patch(gray, square + off)) > 0.75


def test_patches_are_alike_at_every_size_and_edge():
    random = np.random.default_rng(0)
    picture = cv2.GaussianBlur(random.integers(0, 256, (90, 120), np.uint8), (0, 0), 4)
    small = cut_patch(picture, np.array([40.0, 30.0, 30.0, 30.0]))
    large = cv2.resize(picture, None, fx=12, fy=12, interpolation=cv2.INTER_LINEAR)
    patch = cut_patch(large, np.array([480.0, 360.0, 360.0, 360.0]))
    assert similarity(small, patch) > 0.95
    for square in ([-20, -10, 30, 30], [110, 80, 30, 30], [-300, -300, 900, 900], [3, 3, 1, 1]):
        patch = cut_patch(picture, np.array(square, np.float64))
        assert patch.shape == (PATCH_SIDE, PATCH_SIDE)
        assert patch.dtype == np.float32


def test_flat_views_have_a_likeness_too(views):
    flat = np.full((PATCH_SIDE, PATCH_SIDE), 90.0, np.float32)
    for first, second in ((flat, flat), (flat, cut_patch(*views["obama"]))):
        assert np.isfinite(similarity(first, second))


def test_memory_fades_with_time(views):
    known, seen = cut_patch(*views["obama"]), cut_patch(*views["biden"])
    kept = [similarity(known, blend(known, seen, elapsed_s)) for elapsed_s in (0.0, 0.03, 0.3, 9.0)]
    assert kept[0] == pytest.approx(1.0, abs=1e-5)
    assert kept == sorted(kept, reverse=True)
    assert similarity(seen, blend(known, seen, 9.0)) == pytest.approx(1.0, abs=1e-3)


def test_a_scene_goes_on_while_people_move_and_the_camera_pans(people):
    scene = Scene()
    clip = crossing(people["obama"], people["biden"], 4.0)
    assert min(scene.sameness(clip.frame(number)) for number in range(0, 60, 2)) > 0.75
    panned = Scene()
    wide = cv2.resize(room(1), (1280, 480))
    panned.sameness(wide[:, 300:940])
    assert panned.sameness(wide[:, 350:990]) > 0.9


def test_a_cut_is_another_scene():
    scene = Scene()
    assert scene.sameness(room(1)) == 1.0
    assert scene.sameness(room(1)) == pytest.approx(1.0)
    assert scene.sameness(room(5)) < 0.5


def test_a_scene_may_change_its_size():
    scene = Scene()
    scene.sameness(room(1))
    assert scene.sameness(cv2.resize(room(1), (320, 240), interpolation=cv2.INTER_AREA)) > 0.98
    assert scene.sameness(cv2.resize(room(1), (1920, 1440))) > 0.98
    for odd in (np.zeros((2, 3), np.uint8), np.zeros((4320, 20), np.uint8)):
        assert -1.0 <= scene.sameness(odd) <= 1.0
