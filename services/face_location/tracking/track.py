"""One face that is followed."""

from __future__ import annotations

import math

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
MIN_LIKENESS = 0.55, 0.75
"""Likeness from which on two views may be of the same person: usually, and over a cut."""
HIDDEN_LIKENESS = 0.1, 0.55
"""The same for somebody who may be partly hidden."""
SAME_SCENE, OTHER_SCENE = 0.85, 0.5
"""Sameness of frames from which on all, and down to which nothing, is thought to go on."""
USUAL_REACH, REACH_PER_S, MAX_REACH = 0.3, 0.7, 1.0
"""How far from where it is thought to be a face may be, in sides: at first, more for each second
that it is missing, and at most."""
WENT_ON = 0.25
"""From how many sides on a face that is missing is looked for in both places."""
PARTLY_HIDDEN_TRUST = 0.3
"""How exact the box of a face is that may be partly hidden, against what is usual."""
BEHIND_OTHERS_PACE = 0.25
"""How fast patience ends for a face that may be behind another: it has a reason to be missing."""


class Track:
    """Where a face is, how it looks, and since when.

    Attributes:
        track_id: From 1; never used for another face of the stream.
        seen_s: The stream's time when the face was last found, in seconds.
        hidden: Whether another face may hide a part of it in this frame.
        calm: Whether it was found in the frame before, and nothing may hide it in this one.
        detection: What was found in this frame; None if nothing was.
    """

    def __init__(
        self, track_id: int, detection: Detection, square: FloatArray, patch: Patch, now_s: float
    ) -> None:
        self.track_id = track_id
        self.detection: Detection | None = detection
        self.seen_s = now_s
        self.hidden = False
        self.calm = False
        self._sameness = 1.0
        self._followed_s = 0.0
        self._missed_s = 0.0
        self._motion = FaceMotion(square)
        self._patch = patch
        self._seen_square = square

    @property
    def seen_square(self) -> NDArray[np.float64]:
        """Where the face was when it was last found: float64, x, y, side, side in pixels."""
        return self._seen_square

    @property
    def square(self) -> NDArray[np.float64]:
        """Where the face is thought to be: float64, x, y, side, side in pixels."""
        return self._motion.square

    @property
    def went_on(self) -> bool:
        """Whether the face is thought to be well away from where it was last found."""
        apart = np.abs(self.square - self._seen_square)[:2].max()
        return bool(apart > WENT_ON * self._seen_square[2])

    @property
    def min_likeness(self) -> float:
        """How much a face must look like this one to be taken for it, -1 to 1.

        The more, the more the whole picture changed; less, if it may be partly hidden.
        """
        changed = np.interp(self._sameness, [OTHER_SCENE, SAME_SCENE], [1.0, 0.0])
        usual, over_cut = HIDDEN_LIKENESS if self.hidden else MIN_LIKENESS
        return float(usual + changed * (over_cut - usual))

    def advance(self, elapsed_s: float, sameness: float, halt: bool) -> None:
        """Go on to the next frame.

        Args:
            elapsed_s: Seconds since the frame before.
            sameness: How much of the picture as a whole is the same, -1 to 1. While the face is
                missing, the least counts: that the picture was cut is no less true a frame later.
            halt: Whether to forget the face's velocity.
        """
        in_sight = self.detection is not None
        self._sameness = sameness if in_sight else min(sameness, self._sameness)
        self._followed_s += elapsed_s
        self._missed_s += elapsed_s * (BEHIND_OTHERS_PACE if self.hidden else 1.0)
        self.detection = None
        if halt:
            self._motion.halt()
        self._motion.advance(elapsed_s)

    def see(self, detection: Detection, square: FloatArray, patch: Patch, now_s: float) -> None:
        """Take notice of the face in this frame."""
        self.detection = detection
        self._missed_s = 0.0
        self._motion.correct(square, PARTLY_HIDDEN_TRUST if self.hidden else 1.0)
        if not self.hidden:
            self._patch = blend(self._patch, patch, now_s - self.seen_s)
        self._seen_square = self._motion.square
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

    def is_over(self, patience_s: float) -> bool:
        """Tell whether the face has not been found for too long.

        Args:
            patience_s: Seconds for which a face is waited for, while nothing else hides it.
        """
        return self._missed_s > min(patience_s, FIRST_PATIENCE_S + self._followed_s / 2)

    def rescale(self, across: float, down: float) -> None:
        """Follow a change of the frame's size by these factors."""
        self._motion.rescale(across, down)
        middle = self._seen_square[:2] + self._seen_square[2:] / 2
        side = self._seen_square[2:] * math.sqrt(across * down)
        self._seen_square = np.concatenate([middle * [across, down] - side / 2, side])
