"""What may be a face: where, how large, how tilted, and what suggested it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from maskmesh.services.face_location.boxes import FloatArray

Source = Literal["face", "eyes"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A square that may frame a face.

    Attributes:
        x: Centre of the square, in pixels.
        y: Centre of the square, in pixels.
        side: In pixels.
        roll: Angle from the x axis to the line through the eyes, in radians, clockwise as seen.
        source: The cascade that proposed it: of whole faces, or of eyes.
        weaker_eye: Windows that support the eye with fewer of them; 0 unless the source is eyes.
        stronger_eye: Windows that support the other eye.
    """

    x: float
    y: float
    side: float
    roll: float = 0.0
    source: Source = "face"
    weaker_eye: float = 0.0
    stronger_eye: float = 0.0

    def box(self) -> FloatArray:
        """Return the upright box of the same centre and side, x, y, width, height."""
        half = self.side / 2
        return np.array([self.x - half, self.y - half, self.side, self.side])


def boxes_of(candidates: list[Candidate]) -> FloatArray:
    """Return the boxes of candidates as float64 N×4."""
    return np.array([candidate.box() for candidate in candidates]).reshape(-1, 4)
