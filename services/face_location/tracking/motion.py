"""Where a face will be in the next frame, and where it most probably is in this one.

After SORT (Bewley et al., "Simple online and realtime tracking", ICIP 2016, section 3.2): a Kalman
filter of constant velocity over the box. Unlike there, the side is followed by its logarithm, the
velocities are of seconds and not of frames, and they fade, so that a face that is not seen does not
run off.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray

PLACE_ERROR = 0.015
"""Standard deviation of a found box's middle, in sides of the face."""
SIDE_ERROR = 0.02
"""Standard deviation of the logarithm of a found box's side."""
ACCELERATION = 12.0
"""Standard deviation of a face's acceleration, in sides a second, a second."""
GROWTH_ACCELERATION = 3.0
"""Standard deviation of the acceleration of the logarithm of the side, a second, a second."""
FIRST_SPEED = 2.0
"""Standard deviation of the speed of a face seen for the first time, in sides a second."""
FADING_S = np.array([2.0, 2.0, 0.3])
"""After so many seconds, 37 % of a velocity is left: of x, y and the logarithm of the side."""
SURPRISE = 3.0
"""Standard deviations by which a face may be elsewhere than expected, before it is believed that it
moves in another way than it did."""

_PLACES, _SPEEDS = slice(0, 3), slice(3, 6)
_ROWS = np.arange(3)


class FaceMotion:
    """Follows one face's square: x and y of its middle, and the logarithm of its side.

    Attributes:
        square: Where the face most probably is: float64, x, y, side, side in pixels.
    """

    def __init__(self, square: FloatArray) -> None:
        """Start where the face was found, standing still as far as is known.

        Args:
            square: float64, x, y, side, side in pixels.
        """
        self.square = square
        # OpenCV gives its matrices out as copies: they are always set whole.
        self._filter = cv2.KalmanFilter(6, 3, 0, cv2.CV_64F)
        self._filter.measurementMatrix = np.eye(3, 6)
        self._filter.statePost = np.concatenate([_to_places(square), np.zeros(3)])[:, None]
        speeds = self._in_sides(FIRST_SPEED, FIRST_SPEED)
        errors = self._in_sides(PLACE_ERROR, SIDE_ERROR)
        self._filter.errorCovPost = np.diag(np.concatenate([errors, speeds]) ** 2)

    def advance(self, elapsed_s: float) -> None:
        """Let time go by, in seconds."""
        left = np.exp(-elapsed_s / FADING_S)
        transition = np.eye(6)
        transition[_ROWS, _ROWS + 3] = FADING_S * (1.0 - left)
        transition[_ROWS + 3, _ROWS + 3] = left
        # White noise of acceleration; see Bar-Shalom et al., "Estimation with applications to
        # tracking and navigation", 2001, section 6.3.2.
        variances = self._in_sides(ACCELERATION, GROWTH_ACCELERATION) ** 2
        both = variances * (elapsed_s**3 / 2)
        noise = np.zeros((6, 6))
        noise[_ROWS, _ROWS] = variances * (elapsed_s**4 / 4)
        noise[_ROWS, _ROWS + 3] = noise[_ROWS + 3, _ROWS] = both
        noise[_ROWS + 3, _ROWS + 3] = variances * elapsed_s**2
        self._filter.transitionMatrix = transition
        self._filter.processNoiseCov = noise
        self._filter.predict()
        self._place()

    def correct(self, square: FloatArray, trust: float = 1.0) -> None:
        """Take notice of where the face was found, after `advance`.

        Args:
            square: float64, x, y, side, side in pixels.
            trust: How exact the box is against what is usual, above 0; 1 is usual.
        """
        measured = _to_places(square)
        errors = (self._in_sides(PLACE_ERROR, SIDE_ERROR) / trust) ** 2
        variances = self._filter.errorCovPre[_ROWS, _ROWS] + errors
        missed_by = measured - self._filter.statePre[_PLACES, 0]
        # Of x, y and side, each for itself, then of their speeds.
        surprise = np.tile(np.maximum(1.0, missed_by**2 / variances / SURPRISE**2), 2)
        self._filter.errorCovPre = self._filter.errorCovPre * np.sqrt(np.outer(surprise, surprise))
        self._filter.measurementNoiseCov = np.diag(errors)
        self._filter.correct(measured[:, None])
        self._place()

    def rescale(self, across: float, down: float) -> None:
        """Follow a change of the frame's size by these factors."""
        factors = np.array([across, down, 1.0, across, down, 1.0])
        state = self._filter.statePost * factors[:, None]
        state[2, 0] += math.log(across * down) / 2
        self._filter.statePost = state
        self._filter.errorCovPost = self._filter.errorCovPost * np.outer(factors, factors)
        self._place()

    def halt(self) -> None:
        """Forget the velocity: the picture was cut, or time jumped."""
        state = self._filter.statePost
        state[_SPEEDS] = 0.0
        self._filter.statePost = state

    def _place(self) -> None:
        x, y, log_side = self._filter.statePost[_PLACES, 0].tolist()
        side = math.exp(log_side)
        self.square = np.array([x - side / 2, y - side / 2, side, side])

    def _in_sides(self, place: float, side: float) -> FloatArray:
        pixels = place * float(self.square[2])
        return np.array([pixels, pixels, side])


def to_square(box: NDArray[np.float64], width: int, height: int) -> FloatArray:
    """Return the square of a face whose box may have been cut at the picture's edge.

    Args:
        box: float64, x, y, width, height in pixels, inside the picture.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.

    Returns:
        float64, x, y, side, side: reaching over the edge where the box was cut there, else around
        the box's middle.
    """
    side = float(max(box[2], box[3]))
    left, top = _start(box[0], box[2], side, width), _start(box[1], box[3], side, height)
    return np.array([left, top, side, side])


def _start(start: float, length: float, side: float, limit: int) -> float:
    if start <= 0 and start + length < limit:
        return start + length - side
    if start > 0 and start + length >= limit:
        return start
    return start + (length - side) / 2


def _to_places(square: FloatArray) -> FloatArray:
    x, y, side = square[:3]
    return np.array([x + side / 2, y + side / 2, math.log(side)])
