"""Between `maskmesh.v1.Image` messages and arrays of pixels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from maskmesh.services.runtime.errors import InvalidInputError, TooLargeError
from maskmesh.services.runtime.observing.metrics import timed
from maskmesh.services.runtime.pictures import (
    DEFAULT_LIMITS,
    ColourMode,
    PictureLimits,
    decode_picture,
    encode_jpeg,
    encode_png,
)
from maskmesh.v1 import common_pb2

_CHANNELS = {common_pb2.PIXEL_FORMAT_GRAY8: 1, common_pb2.PIXEL_FORMAT_RGB24: 3}


def to_array(
    image: common_pb2.Image, mode: ColourMode, limits: PictureLimits = DEFAULT_LIMITS
) -> NDArray[np.uint8]:
    """Return the pixels of an Image message.

    Args:
        image: The message, encoded or raw.
        mode: "L" for gray, "RGB" for colour, "keep" for gray if the picture is gray, else colour.
        limits: Bounds that the picture is held against before pixels are decoded.

    Returns:
        uint8 array, H×W for gray or H×W×3 in R, G, B order, values 0 to 255. Read-only where no
        copy was needed.

    Raises:
        InvalidInputError: Content missing, damaged, animated, too small, or of the wrong length.
        TooLargeError: More bytes or pixels than the limits allow.
    """
    content = image.WhichOneof("content")
    if content == "encoded":
        with timed("decode"):
            return decode_picture(image.encoded, mode, limits)
    if content == "raw":
        return _raw_to_array(image.raw, mode, limits)
    raise InvalidInputError("the image has no content: set `encoded` or `raw`")


def from_array(
    pixels: NDArray[np.uint8], encoding: Literal["raw", "jpeg", "png"] = "raw"
) -> common_pb2.Image:
    """Return an Image message of an H×W gray or H×W×3 RGB uint8 array."""
    if encoding == "jpeg":
        return common_pb2.Image(encoded=encode_jpeg(pixels))
    if encoding == "png":
        return common_pb2.Image(encoded=encode_png(pixels))
    height, width = pixels.shape[:2]
    pixel_format = (
        common_pb2.PIXEL_FORMAT_GRAY8 if pixels.ndim == 2 else common_pb2.PIXEL_FORMAT_RGB24
    )
    raw = common_pb2.RawImage(
        width=width, height=height, format=pixel_format, data=pixels.tobytes()
    )
    return common_pb2.Image(raw=raw)


def _raw_to_array(
    raw: common_pb2.RawImage, mode: ColourMode, limits: PictureLimits
) -> NDArray[np.uint8]:
    channels = _CHANNELS.get(raw.format)
    if channels is None:
        raise InvalidInputError("the raw image has no known pixel format: set GRAY8 or RGB24")
    limits.check_size(raw.width, raw.height)
    expected = raw.width * raw.height * channels
    if len(raw.data) > limits.max_bytes:
        raise TooLargeError(
            f"the raw image has {len(raw.data):,} bytes, the limit is {limits.max_bytes:,}: "
            "send it smaller or encoded"
        )
    if len(raw.data) != expected:
        raise InvalidInputError(
            f"the raw image has {len(raw.data):,} bytes, but {raw.width}×{raw.height} pixels of "
            f"{channels} bytes are {expected:,}: send exactly as many"
        )
    pixels = np.frombuffer(raw.data, dtype=np.uint8)
    if channels == 1:
        gray = pixels.reshape(raw.height, raw.width)
        return gray if mode != "RGB" else np.repeat(gray[:, :, None], 3, axis=2)
    colour = pixels.reshape(raw.height, raw.width, 3)
    return colour if mode != "L" else np.asarray(Image.fromarray(colour).convert("L"))
