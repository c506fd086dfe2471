"""Faces and landmarks that the tests of mask synthesis share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.landmarks import Box, LandmarkPredictor
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE
from maskmesh.services.runtime.pictures import read_picture

# Boxes of the faces in the photos, x, y, width, height.
BOXES: dict[str, Box] = {
    "astronaut": (179, 83, 88, 88),
    "obama": (194, 78, 151, 151),
    "biden": (214, 114, 180, 180),
}


@dataclass(frozen=True)
class Photo:
    """A photo, where its face is, and the face's landmarks."""

    image: np.ndarray
    box: Box
    landmarks: np.ndarray


@pytest.fixture(scope="session")
def predictor() -> LandmarkPredictor:
    return LandmarkPredictor()


@pytest.fixture(scope="session")
def photos(faces: Path, predictor: LandmarkPredictor) -> dict[str, Photo]:
    """The photos by name."""
    images = {name: read_picture(faces / f"{name}.jpg") for name in BOXES}
    return {
        name: Photo(image, BOXES[name], predictor.predict(image, BOXES[name]))
        for name, image in images.items()
    }


@pytest.fixture(scope="session")
def frontal() -> np.ndarray:
    """Landmarks of a symmetric face that looks into the camera, in a picture of 200×200."""
    return (MEAN_SHAPE * 70 + [100, 80]).astype(np.float32)
