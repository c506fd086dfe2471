"""What tracking asks of a detector."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.face_location.detector import Detection


class FaceFinder(Protocol):
    """Finds faces in gray pictures: a HaarFaceDetector."""

    def detect(
        self,
        gray: NDArray[np.uint8],
        small_faces: bool = True,
        cells: NDArray[np.uint8] | None = None,
    ) -> list[Detection]:
        """Search a whole picture and return its faces.

        Args:
            gray: uint8 H×W.
            small_faces: Whether to look for the smallest, too.
            cells: uint8 rows×columns, a grid over the picture: 1 where to search, 0 where not;
                None: search everywhere.
        """
        ...

    def find_near(self, gray: NDArray[np.uint8], boxes: FloatArray) -> list[Detection | None]:
        """Look for one face near each box, which is much cheaper.

        Args:
            gray: uint8 H×W.
            boxes: float64 N×4, x, y, width, height in pixels; may reach over the picture's edge.

        Returns:
            For each box the face there, or None. Two boxes may be answered by the same face.
        """
        ...
