from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest

from maskmesh.bench.synthesis.fit_score import (
    MIRROR,
    Example,
    Weights,
    disagreement,
    examples,
    learn,
    write_weights,
)
from maskmesh.services.mask_synthesis.confidence import (
    GRAY,
    SHAPE,
    aligned_shape,
    gray_features,
)
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE
from maskmesh.services.runtime.pictures import read_picture

X, Y, SIDE = 194, 78, 151


@pytest.fixture(scope="module")
def predictor() -> LandmarkPredictor:
    return LandmarkPredictor()


@pytest.fixture(scope="module")
def face(faces: Path) -> np.ndarray:
    crop = read_picture(faces / "obama.jpg")[Y : Y + SIDE, X : X + SIDE]
    gray = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
    return cv2.resize(gray, (64, 64), interpolation=cv2.INTER_AREA)


def test_the_mirrored_mean_face_is_the_mean_face():
    np.testing.assert_allclose(MEAN_SHAPE[MIRROR] * [-1, 1], MEAN_SHAPE, atol=0.015)
    np.testing.assert_array_equal(MIRROR[MIRROR], np.arange(68))


def test_a_predictor_agrees_with_itself_on_a_face_and_not_on_noise(predictor, face):
    noise = np.random.default_rng(5).integers(0, 256, face.shape, dtype=np.uint8)
    on_face, on_noise = (
        disagreement(predictor, image, predictor.predict(image)) for image in (face, noise)
    )
    assert on_face < 0.08
    assert on_noise > 2 * on_face


def test_spoilt_examples_are_worse_than_the_face(predictor, face):
    known = examples([face], predictor)
    assert len(known) > 5
    assert min(one.error for one in known[1:]) > known[0].error


def test_the_map_is_found_again_and_can_be_imported(face, tmp_path):
    random = np.random.default_rng(0)
    truth = Weights(random.normal(size=GRAY.shape) * 0.02, random.normal(size=(68, 2)) * 0.1, -2.0)
    known = []
    for _ in range(600):
        image = np.clip(face + random.normal(size=face.shape) * 25, 0, 255).astype(np.uint8)
        points = (MEAN_SHAPE + random.normal(size=(68, 2)) * 0.05) * 24 + [32, 24]
        landmarks = points.astype(np.float32)
        shape = aligned_shape(landmarks)[0].view(np.float64)
        told = gray_features(image, landmarks) @ truth.gray + shape @ truth.shape.ravel()
        known.append(Example(image, landmarks, float(np.exp(told + truth.offset))))
    found = learn(known)
    assert np.corrcoef(found.gray, truth.gray)[0, 1] > 0.9
    write_weights(found, tmp_path / "weights.py")
    spec = importlib.util.spec_from_file_location("weights", tmp_path / "weights.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    np.testing.assert_allclose(module.GRAY, found.gray, atol=1e-4)
    np.testing.assert_allclose(module.SHAPE, found.shape.ravel(), atol=1e-4)
    assert module.SHAPE.shape == SHAPE.shape
