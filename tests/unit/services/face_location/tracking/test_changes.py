"""Parts of the picture that need not be searched again."""

import numpy as np
import pytest

from maskmesh.services.face_location.tracking.changes import MIN_CHANGE, ChangeMap

NOBODY = np.zeros((0, 4))


def noisy(seed: int, shape=(480, 640)) -> np.ndarray:
    scene = np.random.default_rng(0).integers(40, 200, shape).astype(np.float64)
    noise = np.random.default_rng(seed).normal(0.0, 3.0, shape)
    return np.clip(np.rint(scene + noise), 0, 255).astype(np.uint8)


def share_open(covered: np.ndarray, gray: np.ndarray) -> float:
    return float((covered == gray).mean())


def test_the_first_picture_is_searched_whole():
    gray = noisy(1)
    assert (ChangeMap().cover(gray, NOBODY, False, everything=False) == gray).all()


def test_noise_is_no_change():
    changes = ChangeMap()
    changes.cover(noisy(1), NOBODY, False, everything=False)
    covered = changes.cover(noisy(2), NOBODY, False, everything=False)
    assert len(np.unique(covered)) == 1


def test_what_is_new_is_shown_whole_with_what_is_around_it_and_nothing_else():
    changes = ChangeMap()
    changes.cover(noisy(1), NOBODY, False, everything=False)
    gray = noisy(2)
    gray[100:220, 300:400] //= 2
    covered = changes.cover(gray, NOBODY, False, everything=False)
    assert (covered[90:230, 290:410] == gray[90:230, 290:410]).all()
    assert share_open(covered, gray) < 0.2


def test_what_was_searched_is_not_searched_again():
    changes = ChangeMap()
    changes.cover(noisy(1), NOBODY, False, everything=False)
    gray = noisy(2)
    gray[100:220, 300:400] //= 2
    changes.cover(gray, NOBODY, False, everything=False)
    assert len(np.unique(changes.cover(gray, NOBODY, False, everything=False))) == 1


def test_a_search_for_large_faces_leaves_the_small_ones_to_be_searched_for():
    changes = ChangeMap()
    changes.cover(noisy(1), NOBODY, True, everything=True)
    gray = noisy(2)
    gray[100:220, 300:400] //= 2
    changes.cover(gray, NOBODY, False, everything=False)
    covered = changes.cover(gray, NOBODY, True, everything=False)
    assert (covered[100:220, 300:400] == gray[100:220, 300:400]).all()
    assert len(np.unique(changes.cover(gray, NOBODY, False, everything=False))) == 1


def test_a_slow_change_is_noticed_in_the_end():
    changes = ChangeMap()
    gray = np.full((240, 320), 100, np.uint8)
    changes.cover(gray, NOBODY, False, everything=False)
    opened = []
    for step in range(1, 6):
        gray[50:150, 50:150] = 100 + step
        covered = changes.cover(gray, NOBODY, False, everything=False)
        opened.append(bool((covered[60:140, 60:140] == 100 + step).all()))
    assert opened.index(True) + 1 == MIN_CHANGE


def test_known_faces_are_painted_over_even_where_all_is_searched():
    gray = noisy(1)
    known = np.array([[100.4, 50.0, 60.0, 60.0], [620.0, 450.0, 80.0, 80.0], [-90.0, 0.0, 50, 50]])
    covered = ChangeMap().cover(gray, known, True, everything=True)
    assert len(np.unique(covered[50:110, 100:160])) == 1
    assert len(np.unique(covered[450:, 620:])) == 1
    assert share_open(covered, gray) > 0.97


def test_another_size_is_searched_whole():
    changes = ChangeMap()
    changes.cover(noisy(1), NOBODY, False, everything=False)
    gray = noisy(1, (600, 400))
    assert (changes.cover(gray, NOBODY, False, everything=False) == gray).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (4320, 7680)])
def test_pictures_of_any_size(shape):
    changes = ChangeMap()
    gray = np.full(shape, 7, np.uint8)
    for everything in (True, False):
        assert changes.cover(gray, NOBODY, False, everything=everything).shape == shape


def test_the_picture_itself_is_left_alone():
    gray = noisy(1)
    before = gray.copy()
    ChangeMap().cover(gray, np.array([[0.0, 0.0, 50.0, 50.0]]), True, everything=True)
    assert (gray == before).all()
