"""From eyes to faces: which two eyes belong together, and where their face is."""

from __future__ import annotations

import numpy as np

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.face_location.candidates import Candidate

# Medians over 587 faces that OpenCV's frontal cascade found in unmasked photos, eye centres by
# dlib's landmarks, agree with FER2013's crops (0.38 and 0.38): the same framing.
EYE_DISTANCE_IN_SIDES = 0.38
EYES_BELOW_TOP_IN_SIDES = 0.388

MAX_SIZE_RATIO = 1.6
MIN_DISTANCE_IN_EYES = 0.9
MAX_DISTANCE_IN_EYES = 2.6
MAX_SLOPE = 0.5


def pair_eyes(boxes: FloatArray, support: FloatArray) -> list[Candidate]:
    """Return a face for every two eyes that could be of one.

    Two eyes belong together when they are of similar size, nearly level, and as far from each
    other as eyes are.

    Args:
        boxes: float64 N×4, the eyes' boxes, x, y, width, height.
        support: float64 N, how many windows support each.

    Returns:
        The faces, in no order; one eye may be part of several.
    """
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    widths = boxes[:, 2]
    step = centres[None, :] - centres[:, None]
    distance = np.hypot(step[..., 0], step[..., 1])
    mean_width = (widths[:, None] + widths[None, :]) / 2
    belong = (
        # The first eye is the left one in the picture: no pair comes twice.
        (step[..., 0] > 0)
        & (np.abs(step[..., 1]) <= MAX_SLOPE * step[..., 0])
        & (np.maximum.outer(widths, widths) <= MAX_SIZE_RATIO * np.minimum.outer(widths, widths))
        & (distance >= MIN_DISTANCE_IN_EYES * mean_width)
        & (distance <= MAX_DISTANCE_IN_EYES * mean_width)
    )
    return [
        face_around(centres[left], centres[right], support[left], support[right])
        for left, right in np.argwhere(belong)
    ]


def face_around(
    left: FloatArray, right: FloatArray, left_support: float = 0.0, right_support: float = 0.0
) -> Candidate:
    """Return the face that two eyes are part of, framed from mid-forehead to chin.

    Args:
        left: float64, 2 values: centre of the eye that is left in the picture, in pixels.
        right: float64, 2 values: centre of the other eye.
        left_support: Windows that support the left eye.
        right_support: Windows that support the right eye.
    """
    step = right - left
    side = float(np.hypot(*step)) / EYE_DISTANCE_IN_SIDES
    roll = float(np.arctan2(step[1], step[0]))
    down = np.array([-np.sin(roll), np.cos(roll)])
    x, y = (left + right) / 2 + down * side * (0.5 - EYES_BELOW_TOP_IN_SIDES)
    return Candidate(
        x=float(x),
        y=float(y),
        side=side,
        roll=roll,
        source="eyes",
        weaker_eye=float(min(left_support, right_support)),
        stronger_eye=float(max(left_support, right_support)),
    )
