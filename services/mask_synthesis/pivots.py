"""The pivots that a mask is hung on, from the ratios of a face and how the mask is worn.

Step 3 of section 3.1 of Çelik & Gören: with a face's ratios the four pivots are placed. The paper
has masks worn properly only; for the other positions the mask slides down the face.
"""

from __future__ import annotations

import math
from bisect import bisect_right

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.geometry import (
    CHIN,
    EYES,
    MIN_SIDE_PIXELS,
    NOSE_AND_MOUTH,
    NOSE_TIP,
    MeasuredFace,
    Points,
    mean,
    measured_face,
    rotated,
)
from maskmesh.services.mask_synthesis.positions import BELOW_NOSE, ON_CHIN, PROPER
from maskmesh.services.runtime.errors import NoFaceError

Matrix = NDArray[np.float64]
Array = NDArray[np.float64]

NOSE = slice(28, 36)
NOSE_BASE = slice(31, 36)
UPPER_LIP = 51
LOWER_LIP = slice(56, 59)
CHIN_POINT = 8
# Landmarks on the middle line of the face that lie on, or close to, its surface, and landmarks
# that the mask has to reach beyond on either side.
MIDDLE_LINE = {PROPER: (28, 33, 51, 57, 8), BELOW_NOSE: (33, 51, 57, 8), ON_CHIN: (57, 8)}
COVERED = {
    PROPER: tuple(NOSE_AND_MOUTH),
    BELOW_NOSE: tuple(range(48, 68)),
    ON_CHIN: tuple(range(7, 10)),
}
UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)

# Shares of the height from the proper top edge to the chin, by which the mask goes below the chin:
# what slides down the face goes further under it.
BELOW_CHIN = {PROPER: 0.085, BELOW_NOSE: 0.15, ON_CHIN: 0.24}
# Who looks up shows the underside of the chin, which the mask wraps: this per unit of pitch.
UNDERSIDE = 0.25
USUAL_PITCH = 0.32
SIDE_CORNERS_AT = 0.25
LOWER_CORNERS_AT = 0.78
# Shares of the interocular distance.
UNDER_EYES = 0.07
OVER_NOSE_TIP = 0.10
UNDER_NOSE = 0.04
UNDER_LIP = 0.06
BESIDE_NOSE = 0.08
BESIDE_NOSE_IN_PROFILE = 0.16
BESIDE_MOUTH = 0.18
# Share of the way from nose to lip, and from lip to chin, at which a mask that slid down begins.
ON_UPPER_LIP = 0.35
OVER_CHIN = 0.30
# A mask on the chin is a band around the jaw: its lower corners are at most so far inside the upper
# ones, in shares of their distance.
CHIN_TAPER = 0.08
# It is as wide as the jaw so far above its top edge, in shares of the height down to the chin.
JAW_OVER_CHIN = 0.9
# A side may be this many times as long as the opposite one; more is no head.
MAX_CONVERGENCE = 4.0


def mask_pivots(landmarks: Points, position: str = PROPER) -> Points:
    """Place the four pivots of a mask on a face; see `pivots_of`.

    Args:
        landmarks: (68, 2) x, y in pixels.
        position: How it is worn, one of POSITIONS.
    """
    return pivots_of(measured_face(landmarks), position)


def pivots_of(face: MeasuredFace, position: str = PROPER) -> Points:
    """Place the four pivots of a mask on a face.

    Worn properly, the top edge crosses the bridge of the nose just below the eyes and reaches to
    the jaw outline on either side; the bottom edge passes just below the chin. Below the nose, the
    top edge lies on the upper lip; on the chin, under the lower lip.

    Args:
        face: The face.
        position: How the mask is worn, one of POSITIONS.

    Returns:
        float32 (4, 2): top-left, top-right, bottom-right, bottom-left.

    Raises:
        NoFaceError: The landmarks span no area that a mask could cover.
    """
    proper_top, top = _top_edge(face, PROPER), _top_edge(face, position)
    chin = max(face.y[CHIN])
    if chin - proper_top < MIN_SIDE_PIXELS:
        raise NoFaceError("the chin is not below the eyes: give a picture with an upright face")
    underside = UNDERSIDE * max(0.0, USUAL_PITCH - face.ratios.pitch)
    bottom = chin + (BELOW_CHIN[position] + underside) * (chin - proper_top)
    left, lower_left = _corners(face, -1, top, chin, position)
    right, lower_right = _corners(face, 1, top, chin, position)
    if position == ON_CHIN:
        taper = CHIN_TAPER * (right - left)
        lower_left, lower_right = min(lower_left, left + taper), max(lower_right, right - taper)
    corners = [(left, top), (right, top), (lower_right, bottom), (lower_left, bottom)]
    _check_corners(corners)
    return rotated(np.array(corners, dtype=np.float32), face.ratios.roll)


def pivots_homography(quad: Points) -> Matrix:
    """3×3 matrix from the unit square (x right, y down) to the pivots."""
    matrix = cv2.getPerspectiveTransform(UNIT_SQUARE, quad)
    return np.asarray(matrix, dtype=np.float64)


def between_pivots(points: Points, quad: Points) -> Array:
    """Points (N, 2) of the picture as places on the unit square whose corners are the pivots."""
    inverse = cv2.getPerspectiveTransform(quad, UNIT_SQUARE)
    return map_points(np.asarray(inverse, dtype=np.float64), points)


def map_points(homography: Matrix, points: NDArray[np.floating]) -> Array:
    """Map (N, 2) points by a 3×3 homography."""
    lifted = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(lifted[:, :2] / lifted[:, 2:], dtype=np.float64)


def middle_line_position(places: Array, position: str = PROPER) -> float:
    """Where the middle line of the face lies: 0 left edge of the pivots to 1 right edge.

    Args:
        places: (68, 2) landmarks on the unit square; see `between_pivots`.
        position: How the mask is worn.
    """
    across: list[float] = places[:, 0].tolist()
    line = MIDDLE_LINE[position]
    place = mean([across[index] for index in line])
    return min(max(place, 0.0), 1.0)


def covered_extent(places: Array, position: str = PROPER) -> tuple[float, float]:
    """Leftmost and rightmost place, 0 to 1, of what a mask in this position has to cover."""
    every = places[:, 0].tolist()
    across = [min(max(every[index], 0.0), 1.0) for index in COVERED[position]]
    return min(across), max(across)


def _top_edge(face: MeasuredFace, position: str) -> float:
    """Height in the picture of the top edge in the middle, the face being upright."""
    y = face.y
    if position == ON_CHIN:
        lip = max(y[LOWER_LIP])
        return lip + max(OVER_CHIN * (y[CHIN_POINT] - lip), UNDER_LIP * face.interocular)
    if position == BELOW_NOSE:
        nose = max(y[NOSE_BASE])
        return nose + max(ON_UPPER_LIP * (y[UPPER_LIP] - nose), UNDER_NOSE * face.interocular)
    # On the bridge of the nose, over its tip, but below the eyes at any rate.
    over_tip = y[NOSE_TIP] - OVER_NOSE_TIP * face.interocular
    lids = max(y[EYES]) + UNDER_EYES * face.interocular
    return max(min((y[28] + y[29]) / 2, over_tip), lids)


def _corners(
    face: MeasuredFace, side: int, top: float, chin: float, position: str
) -> tuple[float, float]:
    """How far a side (-1 left, 1 right) reaches at its upper and at its lower corner.

    To the outermost of the outline of the jaw, of the nose, and of a smile, which can reach beyond
    that outline. The more a face is turned, the further its nose stands out over the far cheek.
    """
    x, height = [value * side for value in face.x], chin - top
    # The sides of a mask on the chin reach up along the jaw.
    over = JAW_OVER_CHIN * height if position == ON_CHIN else 0.0
    upper = [_jaw_at(face, side, top - over), _jaw_at(face, side, top + SIDE_CORNERS_AT * height)]
    lower = [_jaw_at(face, side, top + LOWER_CORNERS_AT * height)]
    lower.append(max(x[7:10]) + 0.1 * height)
    if position == PROPER:
        turned = BESIDE_NOSE_IN_PROFILE * max(0.0, side * face.ratios.yaw)
        upper.append(max(x[NOSE]) + (BESIDE_NOSE + turned) * face.interocular)
    if position != ON_CHIN:
        mouth = max(x[48], x[54]) + BESIDE_MOUTH * face.interocular
        upper.append(mouth)
        lower.append(mouth)
    return max(upper) * side, max(lower) * side


def _jaw_at(face: MeasuredFace, side: int, level: float) -> float:
    """How far (times `side`) the outline of the jaw reaches at a height in the picture."""
    outline = range(9) if side < 0 else range(16, 7, -1)
    x, heights = [face.x[index] * side for index in outline], [face.y[index] for index in outline]
    for index in range(1, 9):
        heights[index] = max(heights[index], heights[index - 1])
    after = bisect_right(heights, level)
    if after in (0, 9):
        return x[min(after, 8)]
    share = (level - heights[after - 1]) / (heights[after] - heights[after - 1])
    return x[after - 1] + share * (x[after] - x[after - 1])


def _check_corners(corners: list[tuple[float, float]]) -> None:
    edges = [
        (end[0] - start[0], end[1] - start[1])
        for start, end in zip(corners, [*corners[1:], corners[0]], strict=True)
    ]
    turns = [
        edge[0] * follower[1] - edge[1] * follower[0]
        for edge, follower in zip(edges, [*edges[1:], edges[0]], strict=True)
    ]
    lengths = [math.hypot(*edge) for edge in edges]
    if min(turns) > 0 and min(lengths) >= MIN_SIDE_PIXELS:
        across, down = lengths[0] / lengths[2], lengths[1] / lengths[3]
        if max(across, 1 / across, down, 1 / down) <= MAX_CONVERGENCE:
            return
    raise NoFaceError(
        "the landmarks leave no area for a mask: give a picture whose face is larger, "
        "upright and not in full profile"
    )
