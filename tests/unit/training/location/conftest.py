"""What the tests of location's training share."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from maskmesh.training.location.photos import Photo


def ring(side: int) -> np.ndarray:
    """A bright ring on dark ground: what the small cascades and networks here learn to find."""
    picture = np.full((side, side), 60, np.uint8)
    cv2.circle(picture, (side // 2, side // 2), side // 3, 220, max(2, side // 8))
    return picture


@pytest.fixture(scope="session")
def ring_photos() -> list[Photo]:
    """Photos of soft noise, each with one ring that counts as its face."""
    random = np.random.default_rng(11)
    photos = []
    for number in range(24):
        coarse = random.normal(120, 45, (20, 26)).astype(np.float32)
        gray = np.clip(cv2.resize(coarse, (208, 160), interpolation=cv2.INTER_CUBIC), 0, 255)
        gray = gray.astype(np.uint8)
        side = int(random.integers(40, 90))
        x, y = (int(random.integers(0, end - side)) for end in (208, 160))
        gray[y : y + side, x : x + side] = ring(side)
        box = np.array([[x, y, side, side]], np.float64)
        yes, nothing = np.array([True]), np.zeros((0, 4))
        photos.append(Photo(f"{number}.png", gray, box, ~yes, yes, nothing))
    return photos
