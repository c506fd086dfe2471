"""Slides the project's Haar cascade over a picture, octave by octave."""

from __future__ import annotations

import cv2
import numpy as np

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.face_location.pyramid import Pyramid


def search_windows(
    pyramid: Pyramid,
    cascade: cv2.CascadeClassifier,
    window: int,
    sizes: tuple[float, float],
    step: float = 1.4,
) -> FloatArray:
    """Return all windows that pass a cascade, not yet grouped.

    OpenCV moves its windows by every pixel where it shrinks the picture by more than two itself;
    each octave is therefore searched in the picture already halved, where it moves by two.

    Args:
        pyramid: Of the picture.
        cascade: Not in use by another thread.
        window: Side of the cascade's window in pixels.
        sizes: Smallest and largest side of the windows in pixels of the picture; none is smaller
            than `window`.
        step: Ratio between one window side and the next, above 1.

    Returns:
        float64 N×4, x, y, width, height in pixels of the picture, always in the same order.
    """
    found = [np.zeros((0, 4))]
    whole = pyramid.level(0)
    octave = 0
    while window * 2**octave <= min(sizes[1], *whole.shape):
        level = pyramid.level(octave)
        scale = np.array([whole.shape[1] / level.shape[1], whole.shape[0] / level.shape[0]] * 2)
        smallest = max(window, int(sizes[0] / scale[0]))
        largest = min(2 * window - 1, int(sizes[1] / scale[0]), *level.shape)
        if smallest <= largest:
            boxes = cascade.detectMultiScale(
                level, step, 0, minSize=(smallest, smallest), maxSize=(largest, largest)
            )
            found.append(np.array(boxes, np.float64).reshape(-1, 4) * scale)
        octave += 1
    windows = np.concatenate(found)
    # OpenCV's threads finish in any order.
    return windows[np.lexsort(windows.T)]
