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

SURE_SCORE = 0.9
"""Score from which on what is found is surely a face."""


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

    @property
    def is_sure(self) -> bool:
        """Whether it is surely a face."""
        return self.detection.score >= SURE_SCORE

    @property
    def is_doubtful(self) -> bool:
        """Whether it may be no face; what is found near where one is expected is one."""
        return self.detection.source == "face" and not self.is_sure


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


def fit_of_places(tracks: Sequence[Track], found: Sequence[Sighting], now_s: float) -> FloatArray:
    """Hold faces found against where each is expected, and where it was seen last.

    Who turns back at once is nearer to the latter. What a search found that may be no face counts
    only where one is expected, not within reach of it, and never for a face that is hidden: that
    looks like nothing much, as does this.

    Args:
        tracks: N faces that are missing.
        found: M faces.
        now_s: The frame's time in seconds.

    Returns:
        float64 N×M, 0 (out of reach) to 1.
    """
    squares = [*(track.square for track in tracks), *(track.seen_square for track in tracks)]
    expected = np.array(squares).reshape(-1, 4)
    places = np.array([one.square for one in found]).reshape(-1, 4)
    reach = np.array([track.reach(now_s) for track in tracks] * 2)
    doubtful = np.array([one.is_doubtful for one in found], bool)
    hidden = np.array([track.hidden for track in tracks] * 2, bool)
    both = overlaps(expected, places, reach)
    both[:, doubtful] = overlaps(expected, places[doubtful], np.zeros_like(reach))
    both[np.ix_(hidden, doubtful)] = 0.0
    return np.maximum(both[: len(tracks)], both[len(tracks) :])
