"""Square patches of a picture, cut at a scale that fits their size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray


class Pyramid:
    """A gray picture and its halvings, made when first needed. For one thread at a time."""

    def __init__(self, gray: NDArray[np.uint8]) -> None:
        """Keep a picture.

        Args:
            gray: uint8 H×W.
        """
        self._levels = [gray]

    def level(self, number: int) -> NDArray[np.uint8]:
        """Return the picture halved `number` times (fewer where a side would be under 2 pixels)."""
        while len(self._levels) <= number and min(self._levels[-1].shape) >= 4:
            last = self._levels[-1]
            size = last.shape[1] // 2, last.shape[0] // 2
            self._levels.append(np.asarray(cv2.resize(last, size, interpolation=cv2.INTER_AREA)))
        return self._levels[min(number, len(self._levels) - 1)]

    def patches(
        self, boxes: FloatArray, size: int, rolls: FloatArray | None = None
    ) -> NDArray[np.uint8]:
        """Cut squares out and scale them to one size.

        Each is cut from the smallest level in which it is at least as large as the patch, by
        bilinear interpolation. Beyond the picture, its edge pixels are repeated.

        Args:
            boxes: float64 N×4, x, y, width, height in pixels of the picture; of each, the square
                of its width around its middle is cut.
            size: Side of the patches in pixels.
            rolls: float64 N, radians by which each square is turned clockwise; None: upright.

        Returns:
            uint8 N×size×size.
        """
        patches = np.empty((len(boxes), size, size), np.uint8)
        for index, (x, y, width, height) in enumerate(boxes.tolist()):
            number = int(np.log2(max(width / size, 1.0)))
            source = self.level(number)
            across, down = (
                source.shape[1] / self._levels[0].shape[1],
                source.shape[0] / (self._levels[0].shape[0]),
            )
            roll = 0.0 if rolls is None else float(rolls[index])
            step = width / size
            cosine, sine = np.cos(roll) * step, np.sin(roll) * step
            middle, offset = (x + width / 2, y + height / 2), (size - 1) / 2
            matrix = np.array(
                [
                    [cosine * across, -sine * across, 0.0],
                    [sine * down, cosine * down, 0.0],
                ]
            )
            # Pixel centres lie at half pixels in the picture and at whole numbers in a matrix.
            matrix[0, 2] = middle[0] * across - 0.5 - (matrix[0, 0] + matrix[0, 1]) * offset
            matrix[1, 2] = middle[1] * down - 0.5 - (matrix[1, 0] + matrix[1, 1]) * offset
            cv2.warpAffine(
                source,
                matrix,
                (size, size),
                dst=patches[index],
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
        return patches
