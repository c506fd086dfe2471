"""OpenCV's face cascades, called as they usually are: scaleFactor 1.1, faces from 30 pixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.location.found import Found
from maskmesh.services.runtime.errors import SetupError

SCALE_FACTOR = 1.1
MIN_SIZE = (30, 30)
# It knows faces that look to one side only, so the mirrored picture is searched too.
_PROFILE = "profileface"
MIRRORED = " mirrored"


def cascade_file(name: str) -> Path:
    """Return where OpenCV keeps the cascade of this name."""
    return Path(cv2.data.haarcascades) / f"haarcascade_{name}.xml"


class StockCascade:
    """A cascade that OpenCV ships."""

    def __init__(self, name: str) -> None:
        """Load it.

        Raises:
            SetupError: This OpenCV ships no such cascade.
        """
        self._name = name
        file = cascade_file(name)
        # OpenCV prints a parser's traceback for a missing file, instead of raising.
        if not file.is_file():
            raise SetupError(f"OpenCV ships no {file.name}: install opencv-python-headless 4.14")
        self._classifier = cv2.CascadeClassifier(str(file))

    def search(self, gray: NDArray[np.uint8], neighbours: int) -> list[Found]:
        """Return the faces with more than `neighbours` windows; that count is their score."""
        found = self._search(gray, neighbours, self._name)
        if self._name == _PROFILE:
            width = gray.shape[1]
            mirrored = self._search(cv2.flip(gray, 1), neighbours, self._name + MIRRORED)
            found += [one._replace(x=width - one.x - one.width) for one in mirrored]
        return found

    def _search(self, gray: NDArray[np.uint8], neighbours: int, part: str) -> list[Found]:
        boxes, counts = self._classifier.detectMultiScale2(
            gray, SCALE_FACTOR, neighbours, minSize=MIN_SIZE
        )
        return [
            Found(*map(float, box), float(count), part)
            for box, count in zip(boxes, np.ravel(counts), strict=True)
        ]
