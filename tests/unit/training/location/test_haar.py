from __future__ import annotations

import numpy as np
import pytest

from maskmesh.training.location.haar import (
    HaarFeature,
    Rectangle,
    enumerate_features,
    feature_values,
)


@pytest.fixture(scope="module")
def patches():
    return np.random.default_rng(2).integers(0, 256, (7, 24, 24), dtype=np.uint8)


def test_every_feature_lies_in_the_window_and_sums_to_zero():
    features = enumerate_features(24, step=3)
    assert len(features) == len(set(features)) > 500
    for feature in features:
        assert 2 <= len(feature.rectangles) <= 3  # what OpenCV reads
        weights = 0.0
        for x, y, width, height, weight in feature.rectangles:
            assert x >= 0 < width
            assert y >= 0 < height
            assert x + width <= 24
            assert y + height <= 24
            weights += weight * width * height
        assert weights == pytest.approx(0)


def test_values_are_sums_by_hand_over_the_spread_of_the_inner_window(patches):
    feature = HaarFeature((Rectangle(2, 3, 8, 6, -1.0), Rectangle(6, 3, 4, 6, 2.0)))
    values = feature_values(patches, [feature])
    for patch, (value,) in zip(patches.astype(np.float64), values, strict=True):
        by_hand = -patch[3:9, 2:10].sum() + 2 * patch[3:9, 6:10].sum()
        inner = patch[1:-1, 1:-1]
        assert value == pytest.approx(by_hand / (inner.std() * inner.size), rel=1e-5)


def test_brightness_and_contrast_do_not_matter(patches):
    features = enumerate_features(24, step=6)
    half = (patches // 2 * 2).astype(np.uint8)
    np.testing.assert_allclose(
        feature_values((half // 2 + 40).astype(np.uint8), features),
        feature_values(half, features),
        atol=1e-5,
    )


def test_a_window_of_one_gray_has_no_features():
    values = feature_values(np.full((1, 24, 24), 77, np.uint8), enumerate_features(24, step=6))
    np.testing.assert_allclose(values, 0, atol=1e-2)
