"""From pictures of faces of any size to the one size that the model takes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.runtime.errors import InvalidInputError


def scale_face(gray: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Scale one gray face to side × side pixels.

    Shrinking averages over areas, so that no detail aliases; enlarging is bilinear.

    Args:
        gray: uint8 array H×W, 0 (black) to 255 (white).
        side: Side of the model's input in pixels.

    Returns:
        uint8 array side×side.
    """
    if gray.shape == (side, side):
        return gray
    shrinks = min(gray.shape) > side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, (side, side), interpolation=method), dtype=np.uint8)


def prepare_faces(faces: Sequence[NDArray[np.uint8]], side: int) -> NDArray[np.uint8]:
    """Scale gray faces of any size to one batch.

    Args:
        faces: N uint8 arrays H×W, 0 (black) to 255 (white).
        side: Side of the model's input in pixels.

    Returns:
        uint8 array N × side × side × 1.

    Raises:
        InvalidInputError: There is no face, or one is not an H×W uint8 array.
    """
    if not faces:
        raise InvalidInputError("no face was given: send at least one")
    for index, face in enumerate(faces):
        if face.ndim != 2 or face.dtype != np.uint8:
            raise InvalidInputError(
                f"face {index} is {face.dtype} of shape {face.shape}: expected uint8 of H×W"
            )
    return np.stack([scale_face(face, side) for face in faces])[..., np.newaxis]
