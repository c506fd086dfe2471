"""OpenCV's face cascades, called as they usually are: scaleFactor 1.1, faces from 30 pixels.

A box's score is the count of neighbouring windows (`detectMultiScale2`, at least 2): it orders
boxes as well as the weights of the last stage do (`detectMultiScale3`), and the boxes with 4 or
more are exactly those of the usual call with minNeighbors=3.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import cv2.data
import numpy as np

from maskmesh.bench.location.found import Found, GrayArray, Searches
from maskmesh.services.runtime.errors import SetupError

SCALE_FACTOR = 1.1
MIN_SIZE = (30, 30)
# Clusters of so many windows and fewer are dropped.
USUAL_NEIGHBOURS, LENIENT_NEIGHBOURS = 3, 1
USUAL_COUNT = USUAL_NEIGHBOURS + 1
# It knows faces that look to one side only, so the mirrored picture is searched too.
_PROFILE = "profileface"
MIRRORED = " mirrored"


def cascade_file(name: str) -> Path:
    """Return where OpenCV keeps the cascade of this name."""
    return Path(cv2.data.haarcascades) / f"haarcascade_{name}.xml"


def load_cascade(name: str) -> Searches:
    """Load a cascade that OpenCV ships.

    Raises:
        SetupError: This OpenCV ships no such cascade.
    """
    cascade = StockCascade(name)
    return Searches(
        lenient=lambda gray: cascade.search(gray, LENIENT_NEIGHBOURS),
        usual=lambda gray: cascade.search(gray, USUAL_NEIGHBOURS),
    )


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

    def search(self, gray: GrayArray, neighbours: int) -> list[Found]:
        """Return the faces with more than `neighbours` windows; that count is their score."""
        found = self._search(gray, neighbours, self._name)
        if self._name == _PROFILE:
            width = gray.shape[1]
            mirrored = self._search(cv2.flip(gray, 1), neighbours, self._name + MIRRORED)
            found += [one._replace(x=width - one.x - one.width) for one in mirrored]
        return found

    def _search(self, gray: GrayArray, neighbours: int, part: str) -> list[Found]:
        boxes, counts = self._classifier.detectMultiScale2(
            gray, SCALE_FACTOR, neighbours, minSize=MIN_SIZE
        )
        return [
            Found(float(x), float(y), float(width), float(height), float(count), part)
            for (x, y, width, height), count in zip(boxes, np.ravel(counts), strict=True)
        ]
