from __future__ import annotations

import numpy as np
import pytest

from maskmesh.training.evaluation.corruptions import CORRUPTIONS, STRENGTHS, Corruption, corrupted

BY_NAME = {corruption.name: corruption for corruption in CORRUPTIONS}
each = pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: one.name)


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    """Smooth shapes with edges, which fill the range of gray."""
    y, x = np.mgrid[:48, :48]
    waves = 110 + 60 * np.sin(x / 5.0) * np.cos(y / 7.0)
    head = ((x - 24) / 17) ** 2 + ((y - 26) / 21) ** 2 < 1
    eyes = ((np.abs(x - 24) - 8) ** 2 + (y - 20) ** 2) < 8
    face = np.where(eyes, 25, np.where(head, waves + 60, waves - 40))
    return np.clip(np.stack([face, face[:, ::-1] * 0.9]), 0, 255).astype(np.uint8)


def at_strength(faces: np.ndarray, corruption: Corruption, strength: int) -> np.ndarray:
    return corrupted(faces, corruption, corruption.levels[strength - 1], seed=5)


def error(faces: np.ndarray, worse: np.ndarray) -> float:
    return float(np.sqrt(((worse.astype(float) - faces) ** 2).mean()))


@each
def test_same_seed_same_picture_and_the_input_stays(faces: np.ndarray, corruption) -> None:
    before = faces.copy()
    one, again = (at_strength(faces, corruption, 2) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(faces, before)
    assert (one.dtype, one.shape) == (np.uint8, faces.shape)


@each
def test_each_strength_is_farther_from_the_picture(faces: np.ndarray, corruption) -> None:
    errors = [error(faces, at_strength(faces, corruption, strength)) for strength in STRENGTHS]
    assert 1.0 < errors[0] < errors[1] < errors[2]


@pytest.mark.parametrize("name", ["noise", "crop shift", "crop scale"])
def test_another_seed_gives_another_chance(faces: np.ndarray, name: str) -> None:
    corruption = BY_NAME[name]
    versions = {corrupted(faces, corruption, corruption.levels[0], s).tobytes() for s in range(6)}
    assert len(versions) > 1


def test_a_face_has_its_chance_whatever_stands_before_it(faces: np.ndarray) -> None:
    noise = BY_NAME["noise"]
    same = np.stack([faces[0], faces[0]])
    first, second = corrupted(same, noise, 16, seed=1)
    assert (first != second).any()
    np.testing.assert_array_equal(corrupted(faces[:1], noise, 16, seed=1)[0], first)


def test_noise_has_the_sigma_it_says() -> None:
    gray = np.full((4, 48, 48), 128, np.uint8)
    assert corrupted(gray, BY_NAME["noise"], 16, seed=0).std() == pytest.approx(16, rel=0.03)


def test_blur_takes_detail_and_no_light(faces: np.ndarray) -> None:
    blurred = at_strength(faces, BY_NAME["blur"], 3)
    assert np.abs(np.diff(blurred.astype(int))).mean() < np.abs(np.diff(faces.astype(int))).mean()
    assert blurred.mean() == pytest.approx(faces.mean(), abs=1.0)


@pytest.mark.parametrize(("name", "stops", "gray"), [("darker", 1, 73), ("brighter", 1, 137)])
def test_a_stop_halves_or_doubles_the_light(name: str, stops: float, gray: int) -> None:
    # 100 is (100 / 255) ** 2.2 of full light; half of it is shown as 73, twice as 137.
    flat = np.full((1, 48, 48), 100, np.uint8)
    assert set(corrupted(flat, BY_NAME[name], stops, seed=0).ravel()) == {gray}


def test_too_much_light_is_cut_at_white() -> None:
    bright = np.full((1, 48, 48), 250, np.uint8)
    assert corrupted(bright, BY_NAME["brighter"], 1.5, seed=0).min() == 255


def test_contrast_shrinks_about_the_mean(faces: np.ndarray) -> None:
    flat = corrupted(faces[:1], BY_NAME["low contrast"], 0.4, seed=0)
    assert flat.mean() == pytest.approx(faces[0].mean(), abs=0.5)
    assert flat.std() == pytest.approx(0.4 * faces[0].std(), rel=0.02)


def test_crops_move_as_far_as_they_say() -> None:
    """A bright dot tells where the picture went; its distance is the share of the side."""
    dot = np.zeros((8, 48, 48), np.uint8)
    dot[:, 23:25, 23:25] = 255
    moved = corrupted(dot, BY_NAME["crop shift"], 0.15, seed=2).astype(float)
    y, x = np.mgrid[:48, :48]
    places = np.array([[(p * x).sum() / p.sum(), (p * y).sum() / p.sum()] for p in moved]) - 23.5
    np.testing.assert_allclose(np.hypot(*places.T), 0.15 * 48, atol=0.1)
    assert len({(px > 0, py > 0) for px, py in places}) > 1


def test_crops_are_larger_or_smaller_about_the_middle() -> None:
    ring = np.zeros((8, 48, 48), np.uint8)
    ring[:, 12:36, 12:36] = 200
    scaled = corrupted(ring, BY_NAME["crop scale"], 0.2, seed=0) > 100
    sides = {int(side) for side in scaled[:, 24].sum(axis=1)}
    # The square's 24 pixels in a crop of 1.2 and of 0.8 times the side.
    assert sides == {20, 30}
    np.testing.assert_array_equal(scaled, scaled[:, ::-1, ::-1])
