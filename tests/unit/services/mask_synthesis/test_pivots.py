from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmesh.services.mask_synthesis import geometry, pivots
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE
from maskmesh.services.mask_synthesis.positions import BELOW_NOSE, ON_CHIN, POSITIONS
from maskmesh.services.runtime.errors import NoFaceError


def moved(points: np.ndarray, angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    return (points @ np.array([[cosine, sine], [-sine, cosine]]) + shift).astype(np.float32)


def turned(points: np.ndarray, share: float) -> np.ndarray:
    """A face whose right half looks narrower by `share`."""
    middle = points[27, 0]
    x = points[:, 0] - middle
    x = np.where(x > 0, x * (1 - share), x * (1 + share))
    return np.stack([x + middle, points[:, 1]], axis=1).astype(np.float32)


@given(
    angle=st.floats(-1.2, 1.2),
    scale=st.floats(12, 300),
    x=st.floats(-100, 900),
    y=st.floats(-100, 900),
)
def test_pivots_move_turn_and_grow_with_the_face(angle, scale, x, y):
    still = pivots.mask_pivots(moved(MEAN_SHAPE, 0, 100, (0, 0)))
    quad = pivots.mask_pivots(moved(MEAN_SHAPE, angle, scale, (x, y)))
    expected = moved(still, angle, scale / 100, (x, y))
    np.testing.assert_allclose(quad, expected, atol=scale * 0.01)


def test_pivots_lie_where_the_paper_says(frontal):
    top_left, top_right, bottom_right, bottom_left = pivots.mask_pivots(frontal)
    assert top_left[1] == pytest.approx(top_right[1], abs=0.5)
    assert frontal[36:48, 1].max() < top_left[1] < frontal[30, 1]
    assert frontal[8, 1] < bottom_left[1] < frontal[8, 1] + 10
    assert top_left[0] == pytest.approx(frontal[1:4, 0].min(), abs=3)
    assert top_right[0] == pytest.approx(frontal[13:16, 0].max(), abs=3)
    assert top_left[0] < bottom_left[0] < bottom_right[0] < top_right[0]


def test_the_quad_reaches_beyond_a_wide_smile(frontal):
    smile = frontal.copy()
    smile[[48, 60], 0] = smile[3, 0]
    quad = pivots.mask_pivots(smile)
    places = pivots.between_pivots(smile, quad)
    assert pivots.covered_extent(places)[0] > 0.05


def test_the_homography_maps_the_unit_square_to_the_pivots(photos):
    for photo in photos.values():
        quad = pivots.mask_pivots(photo.landmarks)
        homography = pivots.pivots_homography(quad)
        corners = pivots.UNIT_SQUARE.astype(np.float64)
        np.testing.assert_allclose(pivots.map_points(homography, corners), quad, atol=1e-2)
        by_opencv = cv2.perspectiveTransform(corners[None], homography)[0]
        np.testing.assert_allclose(pivots.map_points(homography, corners), by_opencv, atol=1e-6)


def test_the_top_edge_stays_below_heavy_lids(frontal):
    heavy = frontal.copy()
    heavy[[40, 41, 46, 47], 1] = frontal[29, 1] + 2
    assert pivots.mask_pivots(heavy)[:2, 1].min() > heavy[36:48, 1].max() + 3


def test_a_nose_in_profile_has_room_in_the_mask(frontal):
    profile = turned(frontal, 0.85)
    profile[28:36, 0] += 12
    top_right = pivots.mask_pivots(profile)[1]
    room = top_right[0] - profile[28:36, 0].max()
    assert room > 0.15 * geometry.interocular_distance(profile)


def test_a_jaw_that_is_a_spike_is_refused(frontal):
    spike = frontal.copy()
    spike[4:13, 0] = 100
    spike[48:68, 0] = 100
    with pytest.raises(NoFaceError, match="no area for a mask"):
        pivots.mask_pivots(spike)


def test_looking_up_shows_more_mask_below_the_chin(frontal):
    up = frontal.copy()
    up[29:36, 1] -= 12
    below = [pivots.mask_pivots(points)[2, 1] - points[8, 1] for points in (frontal, up)]
    assert below[1] > below[0] + 1


def test_middle_line_of_a_symmetric_and_of_a_turned_face(frontal):
    def middle(points: np.ndarray) -> float:
        places = pivots.between_pivots(points, pivots.mask_pivots(points))
        return pivots.middle_line_position(places)

    assert middle(frontal) == pytest.approx(0.5, abs=0.01)
    assert middle(turned(frontal, 0.4)) > 0.62
    assert middle(turned(frontal, -0.4)) < 0.38


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(lambda p: p * 0 + 5, id="one point"),
        pytest.param(lambda p: p * [1, 0], id="a line across"),
        pytest.param(lambda p: p * [0, 1], id="a line down"),
        pytest.param(
            lambda p: np.concatenate([p[:36], p[36:48] + np.array([0, 200]), p[48:]]), id="eyes low"
        ),
        pytest.param(lambda p: p * 0.01, id="smaller than pixels"),
    ],
)
def test_shapes_that_are_no_face_are_refused(frontal, break_it):
    with pytest.raises(NoFaceError, match="give a picture"):
        pivots.mask_pivots(break_it(frontal).astype(np.float32))


@pytest.mark.parametrize("name", ["astronaut", "obama", "biden"])
def test_positions_show_the_nose_and_the_mouth(photos, name):
    points = photos[name].landmarks
    tops = {
        position: pivots.between_pivots(points, pivots.mask_pivots(points, position))[:, 1]
        for position in POSITIONS
    }
    # Heights on the pivots' square: less than 0 is above the mask, more than 1 below it.
    assert tops["proper"][48:68].min() > 0.1
    assert tops[BELOW_NOSE][30:36].max() < 0
    assert tops[BELOW_NOSE][[57, 58, 56, 60, 64]].min() > 0.05
    assert tops[ON_CHIN][48:68].max() < 0
    assert 0 < tops[ON_CHIN][8] < 1


def test_a_mask_that_slid_down_reaches_further_under_the_chin(frontal):
    bottoms = [pivots.mask_pivots(frontal, position)[2, 1] for position in POSITIONS]
    assert bottoms == sorted(bottoms)
    assert bottoms[2] > bottoms[0] + 5


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("angle", [-0.6, 0.9])
def test_pivots_of_every_position_turn_with_the_face(frontal, position, angle):
    expected = moved(pivots.mask_pivots(frontal, position), angle, 1.0, (300, 200))
    quad = pivots.mask_pivots(moved(frontal, angle, 1.0, (300, 200)), position)
    np.testing.assert_allclose(quad, expected, atol=0.1)


def test_a_mask_on_the_chin_hardly_narrows(frontal):
    top_left, top_right, bottom_right, bottom_left = pivots.mask_pivots(frontal, ON_CHIN)
    width = top_right[0] - top_left[0]
    assert bottom_right[0] - bottom_left[0] > 0.8 * width
    assert width > np.ptp(frontal[4:13, 0]) * 0.9
