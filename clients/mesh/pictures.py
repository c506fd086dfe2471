"""Pictures as callers have them, turned into messages."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.images import from_array
from maskmesh.services.runtime.pictures import DEFAULT_LIMITS
from maskmesh.v1 import common_pb2

Picture = bytes | NDArray[np.uint8]
"""An encoded picture (JPEG, PNG, …), or uint8 pixels: H×W gray, or H×W×3 in R, G, B order."""


def to_message(picture: Picture) -> common_pb2.Image:
    """Return the message that carries a picture to a service.

    Encoded pictures go as they are. Pixels go raw, which is the fastest on a local network;
    pixels over the services' limit of bytes go as JPEG.

    Raises:
        InvalidInputError: The picture is neither bytes nor uint8 pixels of a fitting shape.
    """
    if isinstance(picture, bytes | bytearray | memoryview):
        return common_pb2.Image(encoded=bytes(picture))
    pixels = _checked(picture)
    if pixels.nbytes > DEFAULT_LIMITS.max_bytes:
        return from_array(pixels, "jpeg")
    return from_array(pixels)


def _checked(picture: object) -> NDArray[np.uint8]:
    if not isinstance(picture, np.ndarray):
        raise InvalidInputError(
            f"a picture must be encoded bytes or a numpy array, not {type(picture).__name__}: "
            "read files with Path(...).read_bytes()"
        )
    if picture.dtype != np.uint8:
        raise InvalidInputError(
            f"pixels must be uint8 from 0 to 255, not {picture.dtype}: convert them"
        )
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[:, :, 0]
    if picture.ndim != 2 and not (picture.ndim == 3 and picture.shape[2] == 3):
        raise InvalidInputError(
            f"pixels must have the shape H×W (gray) or H×W×3 (RGB), not {picture.shape}"
        )
    if picture.size == 0:
        raise InvalidInputError(f"the picture has no pixels: its shape is {picture.shape}")
    return picture
