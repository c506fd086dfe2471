"""How far pivots of predicted landmarks lie from those of marked ones; six pivots against four."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.synthesis.ground_truth import MarkedFace
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.mask_synthesis import drawing, pivots
from maskmesh.services.mask_synthesis.geometry import interocular_distance, measured_face
from maskmesh.services.mask_synthesis.landmarks import Box, LandmarkPredictor
from maskmesh.services.mask_synthesis.positions import POSITIONS
from maskmesh.services.runtime.errors import NoFaceError

Points = NDArray[np.float32]
Array = NDArray[np.float64]

MIDDLE = (28, 30, 33, 51, 57, 8)
HEIGHTS = np.linspace(0.0, 1.0, 41)[:, None]


@dataclass(frozen=True, slots=True)
class FaceError:
    """Errors on one face, in shares of the marked interocular distance.

    Attributes:
        name: The photo.
        kind: Who marked it; see `MarkedFace`.
        located: Whether a detector found the face; else its box comes from the landmarks.
        landmarks: Mean distance of the 68 landmarks.
        corners: Mean distance of the four pivots, by position; empty if there are none.
        found: float32 (68, 2): the predicted landmarks.
        marked: float32 (68, 2): the marked ones.
    """

    name: str
    kind: str
    located: bool
    landmarks: float
    corners: dict[str, float]
    found: Points
    marked: Points


def face_errors(faces: Sequence[MarkedFace], predictor: LandmarkPredictor) -> list[FaceError]:
    """Measure every face, located as a user would have it located."""
    detector = HaarFaceDetector()
    return [_face_error(face, predictor, detector) for face in faces]


def _face_error(
    face: MarkedFace, predictor: LandmarkPredictor, detector: HaarFaceDetector
) -> FaceError:
    box = _found_box(face, detector)
    found = predictor.predict(face.picture, box or _box_around(face))
    interocular = interocular_distance(face.landmarks)

    def error(one: Points, other: Points) -> float:
        return float(np.hypot(*(one - other).T).mean()) / interocular

    corners: dict[str, float] = {}
    for position in POSITIONS:
        try:
            quads = [pivots.mask_pivots(points, position) for points in (found, face.landmarks)]
        except NoFaceError:
            continue
        corners[position] = error(*quads)
    return FaceError(
        name=face.name,
        kind=face.kind,
        located=box is not None,
        landmarks=error(found, face.landmarks),
        corners=corners,
        found=found,
        marked=face.landmarks,
    )


def _found_box(face: MarkedFace, detector: HaarFaceDetector) -> Box | None:
    gray = np.asarray(cv2.cvtColor(face.picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    centre_x, centre_y = face.landmarks[27:36].mean(axis=0)
    for found in detector.detect(gray):
        x, y, width, height = found.box
        size = width / max(1.0, float(np.ptp(face.landmarks[:, 0])))
        inside = x < centre_x < x + width and y < centre_y < y + height
        if inside and 0.6 < size < 2.0:
            return found.box
    return None


def _box_around(face: MarkedFace) -> Box:
    rows, columns = face.picture.shape[:2]
    low = np.clip(np.floor(face.landmarks.min(axis=0)), 0, [columns - 2, rows - 2]).astype(int)
    high = np.clip(np.ceil(face.landmarks.max(axis=0)), low + 1, [columns, rows]).astype(int)
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


@dataclass(frozen=True, slots=True)
class MiddleLine:
    """How a mask's middle line lies on a face, in shares of the interocular distance.

    Attributes:
        four: Mean distance of landmarks of the middle line from the mask's, drawn turned and hung
            on four pivots.
        six: The same, hung on six, as two half homographies that meet at the nose line.
        seam: Where the two halves meet, how far at most they shear there.
        yaw: How far the face is turned; see `FaceRatios`.
    """

    four: float
    six: float
    seam: float
    yaw: float


def middle_line(landmarks: Points) -> MiddleLine:
    """Hang a drawn mask on four and on six pivots and compare their middle lines.

    Raises:
        NoFaceError: The landmarks leave no area for a mask.
    """
    face = measured_face(landmarks)
    quad = pivots.pivots_of(face)
    places = pivots.between_pivots(landmarks, quad)
    turn = drawing.turn_for(pivots.middle_line_position(places), pivots.covered_extent(places))
    drawn = drawing.drawn_mask("cloth", "plain", turn, drawing.SIZES[0])
    line = drawn.middle[0] + (drawn.middle[1] - drawn.middle[0]) * HEIGHTS
    whole = pivots.map_points(_homography(drawn.anchors, quad), line)
    left, right = (pivots.map_points(half, line) for half in _halves(drawn, quad, places))

    def distance(mapped: Array) -> float:
        away = [np.hypot(*(mapped - landmarks[index]).T).min() for index in MIDDLE]
        return float(np.mean(away)) / face.interocular

    seam = float(np.hypot(*(left - right).T).max()) / face.interocular
    return MiddleLine(distance(whole), distance((left + right) / 2), seam, face.ratios.yaw)


def _halves(drawn: drawing.DrawnMask, quad: Points, places: Array) -> tuple[Array, Array]:
    """Homographies of the left and of the right half, joined at both ends of the nose line."""
    line = list(pivots.MIDDLE_LINE["proper"])
    slope, start = np.polyfit(places[line, 1], places[line, 0], 1)
    top, bottom = np.clip([start, start + slope], 0.03, 0.97)
    ends = [quad[0] + (quad[1] - quad[0]) * top, quad[3] + (quad[2] - quad[3]) * bottom]
    upper, lower = drawn.middle
    left = _homography(
        [drawn.anchors[0], upper, lower, drawn.anchors[3]], [quad[0], *ends, quad[3]]
    )
    right = _homography(
        [upper, drawn.anchors[1], drawn.anchors[2], lower], [ends[0], quad[1], quad[2], ends[1]]
    )
    return left, right


def _homography(source: Sequence[Points] | Points, target: Sequence[Points] | Points) -> Array:
    matrix = cv2.getPerspectiveTransform(
        np.asarray(source, dtype=np.float32), np.asarray(target, dtype=np.float32)
    )
    return np.asarray(matrix, dtype=np.float64)
