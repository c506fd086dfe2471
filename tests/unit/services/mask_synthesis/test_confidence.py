from __future__ import annotations

import cv2
import numpy as np
import pytest

from maskmesh.services.mask_synthesis.confidence import (
    BAD_FIT,
    PAIRS,
    expected_error,
    fit_confidence,
    shape_deviation,
)
from maskmesh.services.mask_synthesis.fit_weights import GRAY, SHAPE
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE


def noise(count: int) -> list[np.ndarray]:
    pixels = np.random.default_rng(7).integers(0, 256, (count, 48, 48), dtype=np.uint8)
    return list(pixels)


@pytest.mark.parametrize("name", ["astronaut", "obama", "biden"])
def test_photos_of_faces_are_trusted(photos, name):
    photo = photos[name]
    assert fit_confidence(photo.image, photo.landmarks) > 0.7


def test_landmarks_predicted_on_noise_are_not_trusted(predictor):
    scores = [fit_confidence(image, predictor.predict(image)) for image in noise(40)]
    assert np.median(scores) < 0.2
    assert np.mean(np.array(scores) > 0.5) < 0.2


@pytest.mark.parametrize("value", [0, 128, 255])
def test_landmarks_predicted_on_a_flat_picture_are_not_trusted(predictor, value):
    image = np.full((48, 48), value, np.uint8)
    assert fit_confidence(image, predictor.predict(image)) < 0.1


@pytest.mark.parametrize("name", ["astronaut", "obama", "biden"])
def test_landmarks_beside_the_face_are_not_trusted(photos, name):
    photo = photos[name]
    beside = (photo.landmarks + np.array([0, photo.box[3] * 0.9])).astype(np.float32)
    assert fit_confidence(photo.image, beside) < 0.5


def test_a_misplaced_part_is_not_trusted(photos):
    photo = photos["obama"]
    broken = photo.landmarks.copy()
    broken[17:27, 1] += 1.5 * photo.box[3]
    assert fit_confidence(photo.image, broken) < 0.3


def test_a_negative_is_not_trusted(photos):
    photo = photos["obama"]
    assert fit_confidence(255 - photo.image, photo.landmarks) < 0.05


def test_faces_of_48_pixels_are_trusted(predictor, photos):
    for photo in photos.values():
        x, y, width, height = photo.box
        crop = photo.image[y : y + height, x : x + width]
        small = cv2.cvtColor(cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA), 7)
        assert fit_confidence(small, predictor.predict(small)) > 0.6


def test_deviation_ignores_place_size_and_roll():
    angle = 0.7
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (MEAN_SHAPE @ rotation * 37 + [500, -20]).astype(np.float32)
    assert shape_deviation(moved) == pytest.approx(0, abs=1e-3)


def test_deviation_grows_with_disorder():
    random = np.random.default_rng(2)
    jitter = random.normal(size=MEAN_SHAPE.shape)
    deviations = [
        shape_deviation((MEAN_SHAPE + amount * jitter).astype(np.float32))
        for amount in (0.0, 0.05, 0.2, 0.8)
    ]
    assert deviations == sorted(deviations)
    assert shape_deviation(random.permutation(MEAN_SHAPE).astype(np.float32)) > 0.6


def test_a_mirrored_order_of_landmarks_is_no_face():
    mirrored = (MEAN_SHAPE * [-1, 1]).astype(np.float32)
    assert shape_deviation(mirrored) > 0.5


def test_landmarks_on_one_point_are_no_face():
    assert shape_deviation(np.zeros((68, 2), np.float32)) == 1.0


def test_there_is_a_weight_for_every_value():
    assert GRAY.shape == (len(PAIRS),)
    assert SHAPE.shape == (2 * len(MEAN_SHAPE),)


@pytest.mark.parametrize("name", ["astronaut", "obama", "biden"])
def test_the_expected_error_grows_as_landmarks_move_away(photos, name):
    photo = photos[name]
    across = photo.landmarks[45, 0] - photo.landmarks[36, 0]
    moved = [photo.landmarks + np.float32(share * across) for share in (0.0, 0.25, 0.5)]
    errors = [expected_error(photo.image, points) for points in moved]
    assert errors[0] < 0.1
    assert min(errors[1:]) > 2 * errors[0]
    assert fit_confidence(photo.image, moved[2]) < BAD_FIT < fit_confidence(photo.image, moved[0])


@pytest.mark.parametrize("factor", [0.6, 1.5])
def test_landmarks_of_another_size_are_a_bad_fit(photos, factor):
    photo = photos["obama"]
    centre = photo.landmarks.mean(axis=0)
    grown = ((photo.landmarks - centre) * factor + centre).astype(np.float32)
    assert fit_confidence(photo.image, grown) < BAD_FIT


def test_contrast_and_brightness_do_not_count(photos):
    photo = photos["biden"]
    darker = (photo.image * 0.6 + 20).astype(np.uint8)
    assert fit_confidence(darker, photo.landmarks) == pytest.approx(
        fit_confidence(photo.image, photo.landmarks), abs=0.02
    )
