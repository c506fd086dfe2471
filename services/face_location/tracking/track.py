"""One face that is followed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.face_location.detector import Detection
from maskmesh.services.face_location.tracking.appearance import Patch, blend, similarity
from maskmesh.services.face_location.tracking.motion import FaceMotion

FIRST_PATIENCE_S = 0.15
"""How long a face that was seen only once is waited for. What is seen longer is waited for longer:
most false finds are seen once."""
SOUGHT_S = 0.3
"""How long a lost face is searched for in a hurry."""
USUAL_REACH = 0.3
REACH_PER_S = 0.7
MAX_REACH = 1.0
PARTLY_HIDDEN_TRUST = 0.3


class Track:
    """Where a face is, how it looks, and since when.

    Attributes:
        track_id: From 1; never used for another face of the stream.
        seen_s: The stream's time when the face was last found, in seconds.
        hidden: Whether another face may hide a part of it in this frame.
        detection: What was found in this frame; None if nothing was.
    """

    def __init__(
        self, track_id: int, detection: Detection, square: FloatArray, patch: Patch, now_s: float
    ) -> None:
        self.track_id = track_id
        self.detection: Detection | None = detection
        self.seen_s = now_s
        self.hidden = False
        self._since_s = now_s
        self._motion = FaceMotion(square)
        self._patch = patch

    @property
    def square(self) -> NDArray[np.float64]:
        """Where the face is thought to be: float64, x, y, side, side in pixels."""
        return self._motion.square

    def advance(self, elapsed_s: float, standing: bool) -> None:
        """Go on to the next frame.

        Args:
            elapsed_s: Seconds since the frame before.
            standing: Whether to forget the face's velocity.
        """
        self.detection = None
        if standing:
            self._motion.halt()
        self._motion.advance(elapsed_s)

    def see(self, detection: Detection, square: FloatArray, patch: Patch, now_s: float) -> None:
        """Take notice of the face in this frame."""
        self.detection = detection
        self._motion.correct(square, PARTLY_HIDDEN_TRUST if self.hidden else 1.0)
        if not self.hidden:
            self._patch = blend(self._patch, patch, now_s - self.seen_s)
        self.seen_s = now_s

    def likeness(self, patch: Patch) -> float:
        """Return how much a view looks like this face, -1 to 1."""
        return similarity(self._patch, patch)

    def reach(self, now_s: float) -> float:
        """Return how far from where it is thought to be the face may be, in sides."""
        return min(MAX_REACH, USUAL_REACH + REACH_PER_S * (now_s - self.seen_s))

    def is_just_lost(self, now_s: float) -> bool:
        """Tell whether the face is missing in this frame, and not for long yet."""
        return self.detection is None and now_s - self.seen_s < SOUGHT_S

    def is_over(self, now_s: float, patience_s: float) -> bool:
        """Tell whether the face has not been found for too long.

        Args:
            now_s: The frame's time in seconds.
            patience_s: Seconds for which a face is waited for at most.
        """
        waited_s = now_s - self.seen_s
        return waited_s > min(patience_s, FIRST_PATIENCE_S + self.seen_s - self._since_s)

    def rescale(self, across: float, down: float) -> None:
        """Follow a change of the frame's size by these factors."""
        self._motion.rescale(across, down)
