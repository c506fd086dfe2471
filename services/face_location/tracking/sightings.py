"""Faces as they were found in one frame, before it is known whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.face_location.detector import Detection
from maskmesh.services.face_location.tracking.appearance import Patch, cut_patch
from maskmesh.services.face_location.tracking.association import distinct, overlaps
from maskmesh.services.face_location.tracking.motion import to_square
from maskmesh.services.face_location.tracking.track import Track


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face in a frame.

    Attributes:
        detection: What was found.
        square: float64, x, y, side, side in pixels, reaching over the edge where the box was cut.
        patch: How it looks.
    """

    detection: Detection
    square: FloatArray
    patch: Patch


def look_at(
    detections: Sequence[Detection], known: FloatArray, gray: NDArray[np.uint8]
) -> list[Sighting]:
    """Return the faces found, each once, without those that are known already.

    Args:
        detections: What was found, perhaps the same face several times.
        known: float64 N×4, squares of faces that have been found in this frame before.
        gray: uint8 H×W.
    """
    ranked = sorted(detections, key=lambda one: -one.score)
    height, width = gray.shape
    squares = [to_square(np.array(one.box, np.float64), width, height) for one in ranked]
    rows = distinct(np.vstack([known, *squares]), known=len(known))
    return [
        Sighting(ranked[row], squares[row], cut_patch(gray, squares[row]))
        for row in (row - len(known) for row in rows)
    ]


def squares_of(tracks: Sequence[Track]) -> FloatArray:
    """Return where the faces are thought to be, float64 N×4."""
    return np.array([track.square for track in tracks], np.float64).reshape(-1, 4)


def fit_of_places(tracks: Sequence[Track], found: FloatArray, now_s: float) -> FloatArray:
    """Hold faces found against where each is expected, and where it was seen last.

    Who turns back at once is nearer to the latter.

    Args:
        tracks: N faces that are missing.
        found: float64 M×4, squares.
        now_s: The frame's time in seconds.

    Returns:
        float64 N×M, 0 (out of reach) to 1.
    """
    reach = [track.reach(now_s) for track in tracks]
    squares = [*(track.square for track in tracks), *(track.seen_square for track in tracks)]
    both = overlaps(np.array(squares).reshape(-1, 4), found, np.array(reach * 2))
    return np.maximum(both[: len(tracks)], both[len(tracks) :])
