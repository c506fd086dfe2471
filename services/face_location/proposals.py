"""Squares that may be faces, proposed by the project's Haar cascade."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.artifacts import CASCADE_FILE
from maskmesh.services.face_location.boxes import FloatArray, iou_matrix
from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.services.face_location.search import search_windows
from maskmesh.services.runtime.errors import SetupError

WINDOW = 24
"""Side of the cascade's window in pixels."""
WINDOW_SHARE = 0.92
"""Side of the window ÷ side of the face in it."""
MAX_ENLARGEMENT = 1.3
# Margin around the picture halved 0, 1 and 2 times, in its longer sides: faces cut by its edge are
# large as a rule.
MARGIN_SHARES = 0.0, 0.05, 0.25
OCTAVES = len(MARGIN_SHARES)
ALIKE_IOU = 0.5
SAME_IOU = 0.5
# What a crowd or a rough texture may cost at most.
MOST_WINDOWS = 2_000
MOST_PROPOSALS = 300


class CascadeProposer:
    """Searches whole pictures. May be used by several threads at a time."""

    def __init__(self, search_side: int, models: Path) -> None:
        """Load the cascade for this thread.

        Args:
            search_side: Longer side of the picture that is searched, in pixels.
            models: Folder of the cascade file.

        Raises:
            SetupError: The file is missing or damaged.
        """
        self._search_side = search_side
        self._path = models / CASCADE_FILE
        self._local = threading.local()
        self._cascade()

    def propose(self, gray: NDArray[np.uint8], small_faces: bool = True) -> FloatArray:
        """Return boxes that may be faces, overlapping ones grouped.

        Args:
            gray: uint8 H×W.
            small_faces: Whether to look for the smallest, too: those of less than twice the side
                of the smallest that are found at all. That takes about as long as all others.

        Returns:
            float64 N×4, x, y, width, height in pixels of the picture, framed as faces are.
        """
        scale = min(self._search_side / max(gray.shape), MAX_ENLARGEMENT)
        pyramid = Pyramid(_resized(gray, scale))
        windows = np.concatenate(
            [self._search(pyramid, octave) for octave in range(not small_faces, OCTAVES)]
        )
        windows *= np.array([gray.shape[1], gray.shape[0]] * 2)
        sides = windows[:, 2:3] / WINDOW_SHARE
        middles = windows[:, :2] + windows[:, 2:] / 2
        return _best_supported(np.hstack([middles - sides / 2, sides, sides]))

    def _search(self, pyramid: Pyramid, octave: int) -> FloatArray:
        """Return windows of one octave, of the last and larger ones, in shares of the picture."""
        level = pyramid.level(octave)
        margin = round(MARGIN_SHARES[octave] * max(level.shape))
        framed = Pyramid(np.pad(level, margin, mode="edge"))
        last = octave == OCTAVES - 1
        largest = max(framed.level(0).shape) if last else 2 * WINDOW - 1
        windows = search_windows(framed, self._cascade(), WINDOW, (WINDOW, largest))
        shares = (windows - [margin, margin, 0, 0]) / np.array(level.shape[::-1] * 2)
        return np.asarray(shares, np.float64)

    def _cascade(self) -> cv2.CascadeClassifier:
        # OpenCV's classifier keeps its working memory inside: one for each thread.
        loaded: cv2.CascadeClassifier | None = getattr(self._local, "cascade", None)
        if loaded is None:
            loaded = self._local.cascade = load_cascade(self._path)
        return loaded


def load_cascade(path: Path) -> cv2.CascadeClassifier:
    """Load a cascade from a file in OpenCV's XML format.

    Raises:
        SetupError: The file is missing or damaged.
    """
    if not path.is_file():
        raise SetupError(f"the cascade file {path} is missing: reinstall maskmesh")
    try:
        classifier = cv2.CascadeClassifier(str(path))
    except (cv2.error, SystemError) as error:
        raise SetupError(
            f"{path} is no cascade that OpenCV can read: reinstall maskmesh"
        ) from error
    if classifier.empty():
        raise SetupError(f"{path} is no cascade that OpenCV can read: reinstall maskmesh")
    return classifier


def _resized(gray: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    height, width = gray.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8)


def _best_supported(boxes: FloatArray) -> FloatArray:
    """Keep, of boxes that overlap, the one that most others resemble: faces pass many windows."""
    if len(boxes) > MOST_WINDOWS:
        boxes = boxes[np.random.default_rng(0).choice(len(boxes), MOST_WINDOWS, replace=False)]
    overlaps = iou_matrix(boxes, boxes)
    support = (overlaps > ALIKE_IOU).sum(axis=1)
    left = np.ones(len(boxes), bool)
    kept = []
    for index in np.argsort(-support, kind="stable"):
        if left[index]:
            kept.append(index)
            left &= overlaps[index] <= SAME_IOU
            if len(kept) == MOST_PROPOSALS:
                break
    return boxes[kept]
