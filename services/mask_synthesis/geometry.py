"""From landmarks to ratios: how large a face is, and how it is turned.

Step 2 of section 3.1 of Çelik & Gören: distances between landmarks give ratios that tell how the
face is turned; `pivots` places the mask's pivots by them. "Left" is the left of the picture.
Lengths are pixels of the picture unless stated otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.landmarks import LANDMARK_COUNT
from maskmesh.services.runtime.errors import InvalidInputError, NoFaceError

Points = NDArray[np.float32]

LEFT_EYE = slice(36, 42)
RIGHT_EYE = slice(42, 48)
EYES = slice(36, 48)
NOSE_TIP = 30
CHIN = slice(6, 11)
NOSE_AND_MOUTH = [*range(30, 36), *range(48, 68)]
MIN_SIDE_PIXELS = 4.0


@dataclass(frozen=True, slots=True)
class FaceRatios:
    """How a face is turned, from distances between landmarks.

    Attributes:
        roll: Angle of the eye line in the picture, radians, positive clockwise.
        yaw: -1 to 1: (left - right) / (left + right) of the distances from the bridge of the nose
            to the two jaw outlines; 0 looks into the camera, positive turns to the right.
        pitch: 0 to 1: share of the way from the eye line to the chin at which the tip of the
            nose lies; about 0.32 looks into the camera, less looks up, more looks down.
    """

    roll: float
    yaw: float
    pitch: float


@dataclass(frozen=True, slots=True)
class MeasuredFace:
    """A face turned about the picture's corner so that its eye line is level, and its ratios.

    Lists, not arrays: a few numbers at a time are several times faster so.

    Attributes:
        x: 68 places across.
        y: 68 places down.
        interocular: Distance between the centres of the two eyes.
        ratios: How it is turned.
    """

    x: list[float]
    y: list[float]
    interocular: float
    ratios: FaceRatios


def check_landmarks(landmarks: Points) -> None:
    """Raise InvalidInputError unless `landmarks` is a finite (68, 2) array."""
    if landmarks.shape != (LANDMARK_COUNT, 2) or not np.isfinite(landmarks).all():
        raise InvalidInputError(
            f"landmarks have shape {landmarks.shape} or hold values that are not finite: "
            f"give {LANDMARK_COUNT} pairs of x, y in pixels"
        )


def interocular_distance(landmarks: Points) -> float:
    """Distance in pixels between the centres of the two eyes."""
    return math.hypot(*_across(landmarks))


def face_ratios(landmarks: Points) -> FaceRatios:
    """Measure roll, yaw and pitch of a face from its (68, 2) landmarks.

    Raises:
        NoFaceError: The eyes, or the eyes and the chin, fall together.
    """
    return measured_face(landmarks).ratios


def measured_face(landmarks: Points) -> MeasuredFace:
    """Turn a face upright and measure it.

    Args:
        landmarks: (68, 2) x, y in pixels.

    Raises:
        NoFaceError: The eyes, or the eyes and the chin, fall together.
    """
    across, down = _across(landmarks)
    interocular = math.hypot(across, down)
    if interocular < MIN_SIDE_PIXELS:
        raise NoFaceError("the two eyes fall together: give a picture of a larger face")
    roll = math.atan2(down, across)
    x, y = rotated(landmarks, -roll).T.tolist()
    bridge = mean(x[27:29])
    left, right = bridge - mean(x[0:3]), mean(x[14:17]) - bridge
    eye_line = mean(y[EYES])
    height = y[8] - eye_line
    if height < MIN_SIDE_PIXELS or left + right < MIN_SIDE_PIXELS:
        raise NoFaceError(
            "the landmarks do not span a face: give a picture whose face is upright and visible"
        )
    yaw = (left - right) / (left + right)
    pitch = (y[NOSE_TIP] - eye_line) / height
    ratios = FaceRatios(roll, min(max(yaw, -1.0), 1.0), min(max(pitch, 0.0), 1.0))
    return MeasuredFace(x, y, interocular, ratios)


def mean(values: Sequence[float]) -> float:
    """Mean of a few numbers."""
    return sum(values) / len(values)


def rotated(points: Points, angle: float) -> Points:
    """Turn (N, 2) points about the picture's corner by radians, positive clockwise."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]], dtype=np.float32)


def _across(landmarks: Points) -> tuple[float, float]:
    """From the centre of the left eye to that of the right one."""
    x, y = landmarks[EYES].T.tolist()
    return mean(x[6:]) - mean(x[:6]), mean(y[6:]) - mean(y[:6])
