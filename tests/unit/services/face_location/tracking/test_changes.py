"""Parts of the picture that need not be searched again."""

import numpy as np
import pytest

from maskmesh.services.face_location.tracking.changes import MIN_CHANGE, ChangeMap

NOBODY = np.zeros((0, 4))


def noisy(seed: int, shape=(480, 640)) -> np.ndarray:
    scene = np.random.default_rng(0).integers(40, 200, shape).astype(np.float64)
    noise = np.random.default_rng(seed).normal(0.0, 3.0, shape)
    return np.clip(np.rint(scene + noise), 0, 255).astype(np.uint8)


def with_somebody_new(gray: np.ndarray) -> np.ndarray:
    """Darkens the cells 9 to 12 down and 20 to 23 across, of 16 pixels each."""
    changed = gray.copy()
    changed[144:208, 320:384] //= 2
    return changed


def test_the_first_picture_is_searched_whole():
    assert ChangeMap().to_search(noisy(1), NOBODY, False, everything=False).all()


def test_noise_is_no_change():
    changes = ChangeMap()
    changes.to_search(noisy(1), NOBODY, False, everything=False)
    assert not changes.to_search(noisy(2), NOBODY, False, everything=False).any()


def test_what_is_new_is_searched_with_what_is_around_it_and_nothing_else():
    changes = ChangeMap()
    changes.to_search(noisy(1), NOBODY, False, everything=False)
    cells = changes.to_search(with_somebody_new(noisy(2)), NOBODY, False, everything=False)
    assert cells.shape == (30, 40)
    expected = np.zeros((30, 40))
    expected[7:15, 18:26] = 1
    np.testing.assert_array_equal(cells, expected)


def test_what_was_searched_is_not_searched_again():
    changes = ChangeMap()
    changes.to_search(noisy(1), NOBODY, False, everything=False)
    gray = with_somebody_new(noisy(2))
    changes.to_search(gray, NOBODY, False, everything=False)
    assert not changes.to_search(gray, NOBODY, False, everything=False).any()
    assert changes.to_search(gray, NOBODY, False, everything=True).all()


def test_a_search_for_large_faces_leaves_the_small_ones_to_be_searched_for():
    changes = ChangeMap()
    changes.to_search(noisy(1), NOBODY, True, everything=True)
    gray = with_somebody_new(noisy(2))
    changes.to_search(gray, NOBODY, False, everything=False)
    assert changes.to_search(gray, NOBODY, True, everything=False)[10, 21] == 1
    assert not changes.to_search(gray, NOBODY, False, everything=False).any()


def test_a_slow_change_is_noticed_in_the_end():
    changes = ChangeMap()
    gray = np.full((240, 320), 100, np.uint8)
    changes.to_search(gray, NOBODY, False, everything=False)
    noticed = []
    for step in range(1, 6):
        gray[50:150, 50:150] = 100 + step
        noticed.append(bool(changes.to_search(gray, NOBODY, False, everything=False).any()))
    assert noticed.index(True) + 1 == MIN_CHANGE


def test_cells_of_known_faces_are_left_out_even_where_all_is_searched():
    known = np.array([[100.4, 48.0, 60.0, 60.0], [620.0, 450.0, 80.0, 80.0], [-90.0, 0.0, 50, 50]])
    cells = ChangeMap().to_search(noisy(1), known, True, everything=True)
    expected = np.ones((30, 40))
    expected[3:7, 6:11] = 0
    expected[28:, 38:] = 0
    np.testing.assert_array_equal(cells, expected)


def test_what_lay_under_a_known_face_is_searched_when_that_is_gone():
    changes = ChangeMap()
    known = np.array([[96.0, 48.0, 64.0, 64.0]])
    changes.to_search(noisy(1), known, True, everything=True)
    assert changes.to_search(noisy(2), NOBODY, False, everything=False)[4, 8] == 1


def test_another_size_is_searched_whole():
    changes = ChangeMap()
    changes.to_search(noisy(1), NOBODY, False, everything=False)
    assert changes.to_search(noisy(1, (600, 400)), NOBODY, False, everything=False).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (4320, 7680)])
def test_pictures_of_any_size(shape):
    changes = ChangeMap()
    gray = np.full(shape, 7, np.uint8)
    assert changes.to_search(gray, NOBODY, True, everything=False).all()
    assert not changes.to_search(gray, NOBODY, True, everything=False).any()
