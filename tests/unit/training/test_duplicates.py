from __future__ import annotations

import cv2
import numpy as np
import pytest

from maskmesh.training import duplicates
from maskmesh.training.duplicates import is_blank, near_duplicates


@pytest.fixture
def photos() -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 256, (40, 7, 7), dtype=np.uint8)
    return np.stack([cv2.resize(one, (48, 48), interpolation=cv2.INTER_CUBIC) for one in small])


def test_copies_brighter_noisy_and_mirrored_ones_are_found(
    photos: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "BLOCK", 3)
    noise = np.random.default_rng(1).normal(0, 4, (48, 48))
    others = photos[:4].copy()
    others[1] = np.clip(0.7 * photos[1] + 30, 0, 255)
    others[2] = np.clip(photos[2] + noise, 0, 255)
    others[3] = photos[3][:, ::-1]
    found = near_duplicates(photos, others)
    assert found[:4].tolist() == [0, 1, 2, 3]
    assert (found[4:] == -1).all()


def test_the_best_of_several_is_named(photos: np.ndarray) -> None:
    noise = np.random.default_rng(1).normal(0, 4, (48, 48))
    noisy = np.clip(photos[0] + noise, 0, 255).astype(np.uint8)
    assert near_duplicates(photos[:1], np.stack([noisy, photos[0], noisy])).tolist() == [1]


def test_a_shifted_face_is_no_duplicate_but_the_threshold_can_say_otherwise(
    photos: np.ndarray,
) -> None:
    shifted = np.roll(photos[:1], 2, axis=2)
    assert near_duplicates(photos[:1], shifted).tolist() == [-1]


def test_blank_pictures_are_duplicates_of_none(photos: np.ndarray) -> None:
    blank = np.stack([np.full((48, 48), level, np.uint8) for level in (0, 0, 255)])
    blank[1, 3, 3] = 1
    assert is_blank(blank).tolist() == [True, False, True]
    assert not is_blank(photos).any()
    assert near_duplicates(blank, blank).tolist() == [-1, -1, -1]
