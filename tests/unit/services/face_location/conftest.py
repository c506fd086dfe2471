"""What the tests of face location share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import Box, iou_matrix
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.runtime.pictures import read_picture

# x, y, width, height from mid-forehead to chin, drawn by hand.
TRUE_BOXES: dict[str, Box] = {
    "astronaut": (171, 58, 108, 120),
    "obama": (188, 50, 182, 190),
    "biden": (222, 98, 178, 200),
}


@pytest.fixture(scope="session")
def true_boxes() -> dict[str, Box]:
    return TRUE_BOXES


@pytest.fixture(scope="session")
def detector() -> HaarFaceDetector:
    return HaarFaceDetector()


@pytest.fixture(scope="session")
def photos(faces: Path) -> dict[str, NDArray[np.uint8]]:
    """The photos in gray, by name."""
    return {name: read_picture(faces / f"{name}.jpg", "L") for name in TRUE_BOXES}


@pytest.fixture(scope="session")
def iou() -> Callable[[Box, Box], float]:
    """Intersection over union of two boxes."""
    return lambda first, second: float(
        iou_matrix(np.array([first], np.float64), np.array([second], np.float64))[0, 0]
    )
