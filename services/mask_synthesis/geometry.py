"""From landmarks to ratios, from ratios to the four pivots that a mask is hung on.

Steps 2 and 3 of section 3.1 of Çelik & Gören: distances between landmarks give ratios that tell how
the face is turned; with them four pivots are placed, and the mask is warped to the pivots by
getPerspectiveTransform and warpPerspective. "Left" is the left of the picture. Lengths are pixels
of the picture unless stated otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.landmarks import LANDMARK_COUNT
from maskmesh.services.runtime.errors import InvalidInputError, NoFaceError

Points = NDArray[np.float32]
Matrix = NDArray[np.float64]
Array = NDArray[np.float64]

JAW_LEFT = slice(0, 9)
JAW_RIGHT = slice(8, 17)
LEFT_EYE = slice(36, 42)
RIGHT_EYE = slice(42, 48)
EYES = slice(36, 48)
NOSE_TIP = 30
CHIN = slice(6, 11)
NOSE_AND_MOUTH = [*range(30, 36), *range(48, 68)]
# Landmarks on the middle line of the face that lie on, or close to, its surface.
MIDDLE_LINE = (28, 33, 51, 57, 8)
UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)

# Shares of the height from the top edge to the chin.
BELOW_CHIN = 0.085
# Who looks up shows the underside of the chin, which the mask wraps: this per unit of pitch.
UNDERSIDE = 0.25
USUAL_PITCH = 0.32
SIDE_CORNERS_AT = 0.25
LOWER_CORNERS_AT = 0.78
# Shares of the interocular distance.
UNDER_EYES = 0.07
OVER_NOSE_TIP = 0.10
BESIDE_NOSE = 0.08
BESIDE_NOSE_IN_PROFILE = 0.16
BESIDE_MOUTH = 0.18
MIN_SIDE_PIXELS = 4.0
# A side may be this many times as long as the opposite one; more is no head.
MAX_CONVERGENCE = 4.0


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


def check_landmarks(landmarks: Points) -> None:
    """Raise InvalidInputError unless `landmarks` is a finite (68, 2) array."""
    if landmarks.shape != (LANDMARK_COUNT, 2) or not np.isfinite(landmarks).all():
        raise InvalidInputError(
            f"landmarks have shape {landmarks.shape} or hold values that are not finite: "
            f"give {LANDMARK_COUNT} pairs of x, y in pixels"
        )


def interocular_distance(landmarks: Points) -> float:
    """Distance in pixels between the centres of the two eyes."""
    centres = landmarks[RIGHT_EYE].mean(axis=0) - landmarks[LEFT_EYE].mean(axis=0)
    return float(np.hypot(centres[0], centres[1]))


def face_ratios(landmarks: Points) -> FaceRatios:
    """Measure roll, yaw and pitch of a face from its (68, 2) landmarks.

    Raises:
        NoFaceError: The eyes, or the eyes and the chin, fall together.
    """
    roll = _roll(landmarks)
    upright = _rotated(landmarks, -roll)
    bridge = float(upright[27:29, 0].mean())
    left = bridge - float(upright[0:3, 0].mean())
    right = float(upright[14:17, 0].mean()) - bridge
    eye_line = float(upright[EYES, 1].mean())
    height = float(upright[8, 1]) - eye_line
    if height < MIN_SIDE_PIXELS or left + right < MIN_SIDE_PIXELS:
        raise NoFaceError(
            "the landmarks do not span a face: give a picture whose face is upright and visible"
        )
    return FaceRatios(
        roll=roll,
        yaw=float(np.clip((left - right) / (left + right), -1.0, 1.0)),
        pitch=float(np.clip((upright[NOSE_TIP, 1] - eye_line) / height, 0.0, 1.0)),
    )


def mask_pivots(landmarks: Points) -> Points:
    """Place the four pivots of a mask on a face.

    The top edge crosses the bridge of the nose just below the eyes and reaches to the jaw outline
    on either side; the bottom edge passes just below the chin.

    Args:
        landmarks: (68, 2) x, y in pixels.

    Returns:
        float32 (4, 2): top-left, top-right, bottom-right, bottom-left.

    Raises:
        NoFaceError: The landmarks span no area that a mask could cover.
    """
    ratios = face_ratios(landmarks)
    upright = _rotated(landmarks, -ratios.roll)
    top = _top_edge(upright, interocular_distance(landmarks))
    chin = float(upright[CHIN, 1].max())
    height = chin - top
    if height < MIN_SIDE_PIXELS:
        raise NoFaceError("the chin is not below the eyes: give a picture with an upright face")
    underside = UNDERSIDE * (USUAL_PITCH - ratios.pitch)
    bottom = chin + (BELOW_CHIN + max(0.0, underside)) * height
    sides = [_side_extent(upright, side, ratios.yaw, (top, height)) for side in (-1, 1)]
    lowers = [_lower_extent(upright, side, top, height) for side in (-1, 1)]
    quad = np.array(
        [[sides[0], top], [sides[1], top], [lowers[1], bottom], [lowers[0], bottom]],
        dtype=np.float32,
    )
    _check_quad(quad)
    return _rotated(quad, ratios.roll)


def pivots_homography(quad: Points) -> Matrix:
    """3×3 matrix from the unit square (x right, y down) to the pivots."""
    matrix = cv2.getPerspectiveTransform(UNIT_SQUARE, quad)
    return np.asarray(matrix, dtype=np.float64)


def middle_line_position(places: Array) -> float:
    """Where the middle line of the face lies: 0 left edge of the pivots to 1 right edge.

    Args:
        places: (68, 2) landmarks on the unit square; see `between_pivots`.
    """
    return float(np.clip(places[list(MIDDLE_LINE), 0].mean(), 0.0, 1.0))


def covered_extent(places: Array) -> tuple[float, float]:
    """Leftmost and rightmost place, 0 to 1, of nose and mouth, which a mask has to cover."""
    across = np.clip(places[NOSE_AND_MOUTH, 0], 0.0, 1.0)
    return float(across.min()), float(across.max())


def between_pivots(landmarks: Points, quad: Points) -> Array:
    """Landmarks as (68, 2) places on the unit square whose corners are the pivots."""
    inverse = np.asarray(np.linalg.inv(pivots_homography(quad)), dtype=np.float64)
    return map_points(inverse, landmarks.astype(np.float64))


def map_points(homography: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map (N, 2) points by a 3×3 homography."""
    lifted = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(lifted[:, :2] / lifted[:, 2:], dtype=np.float64)


def _roll(landmarks: Points) -> float:
    across = landmarks[RIGHT_EYE].mean(axis=0) - landmarks[LEFT_EYE].mean(axis=0)
    if float(np.hypot(across[0], across[1])) < MIN_SIDE_PIXELS:
        raise NoFaceError("the two eyes fall together: give a picture of a larger face")
    return float(np.arctan2(across[1], across[0]))


def _rotated(points: Points, angle: float) -> Points:
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix = np.array([[cosine, -sine], [sine, cosine]])
    return np.asarray(points @ matrix.T, dtype=np.float32)


def _top_edge(upright: Points, interocular: float) -> float:
    """On the bridge of the nose, over its tip, but below the eyes at any rate."""
    bridge = float(upright[28, 1] * 0.5 + upright[29, 1] * 0.5)
    over_tip = float(upright[NOSE_TIP, 1]) - OVER_NOSE_TIP * interocular
    lids = float(upright[EYES, 1].max()) + UNDER_EYES * interocular
    return max(min(bridge, over_tip), lids)


def _side_extent(upright: Points, side: int, yaw: float, span: tuple[float, float]) -> float:
    """The outermost of the jaw outline at the mask's side corners, and of nose and mouth.

    The more a face is turned, the further its nose stands out over the far cheek.
    """
    top, height = span
    beside_nose = BESIDE_NOSE + BESIDE_NOSE_IN_PROFILE * max(0.0, side * yaw)
    levels = np.array([top, top + SIDE_CORNERS_AT * height])
    jaw = _jaw_at(upright, side, levels)
    nose = upright[28:36, 0] + side * beside_nose * interocular_distance(upright)
    outermost = np.concatenate([jaw, nose, _beside_mouth(upright, side)]) * side
    return float(outermost.max()) * side


def _lower_extent(upright: Points, side: int, top: float, height: float) -> float:
    jaw = _jaw_at(upright, side, np.array([top + LOWER_CORNERS_AT * height]))
    chin = upright[7:10, 0] + side * 0.1 * height
    outermost = np.concatenate([jaw, chin, _beside_mouth(upright, side)]) * side
    return float(outermost.max()) * side


def _beside_mouth(upright: Points, side: int) -> Points:
    """A wide smile can reach the outline of the jaw; the mask has to reach further."""
    corners = upright[[48, 54], 0] + side * BESIDE_MOUTH * interocular_distance(upright)
    return np.asarray(corners, dtype=np.float32)


def _jaw_at(upright: Points, side: int, levels: NDArray[np.float64]) -> NDArray[np.float64]:
    outline = upright[JAW_LEFT] if side < 0 else upright[JAW_RIGHT][::-1]
    heights = np.maximum.accumulate(outline[:, 1])
    return np.asarray(np.interp(levels, heights, outline[:, 0]), dtype=np.float64)


def _check_quad(quad: Points) -> None:
    edges = np.roll(quad, -1, axis=0) - quad
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    ratios = lengths[:2] / np.maximum(lengths[2:], MIN_SIDE_PIXELS)
    converging = float(np.maximum(ratios, 1.0 / np.maximum(ratios, 1e-6)).max())
    convex = bool(turns.min() > 0)
    if not convex or lengths.min() < MIN_SIDE_PIXELS or converging > MAX_CONVERGENCE:
        raise NoFaceError(
            "the landmarks leave no area for a mask: give a picture whose face is larger, "
            "upright and not in full profile"
        )
