from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.runtime.errors import InvalidInputError, TooLargeError
from maskmesh.services.runtime.images import from_array, to_array
from maskmesh.services.runtime.pictures import PictureLimits
from maskmesh.v1 import common_pb2

RANDOM = np.random.default_rng(3)
GRAY = RANDOM.integers(0, 256, (20, 30), dtype=np.uint8)
COLOUR = RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.mark.parametrize("encoding", ["raw", "png"])
@pytest.mark.parametrize("pixels", [GRAY, COLOUR], ids=["gray", "colour"])
def test_lossless_round_trip(encoding: str, pixels: np.ndarray) -> None:
    message = from_array(pixels, encoding)  # type: ignore[arg-type]
    np.testing.assert_array_equal(to_array(message, "keep"), pixels)


def test_raw_and_encoded_colour_turn_to_the_same_gray() -> None:
    raw = to_array(from_array(COLOUR, "raw"), "L")
    np.testing.assert_array_equal(raw, to_array(from_array(COLOUR, "png"), "L"))


def test_raw_gray_becomes_three_equal_channels() -> None:
    pixels = to_array(from_array(GRAY), "RGB")
    assert pixels.shape == (20, 30, 3)
    np.testing.assert_array_equal(pixels[..., 2], GRAY)


def raw(width: int, height: int, data: bytes, pixel_format: int = 1) -> common_pb2.Image:
    return common_pb2.Image(
        raw=common_pb2.RawImage(width=width, height=height, format=pixel_format, data=data)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (common_pb2.Image(), "no content"),
        (raw(20, 20, bytes(399)), "are 400"),
        (raw(20, 20, bytes(400), 0), "pixel format"),
        (raw(20, 20, bytes(400), 9), "pixel format"),
        (raw(8, 50, bytes(400)), "at least 16"),
        (raw(0, 0, b""), "at least 16"),
    ],
)
def test_bad_messages_are_refused(image: common_pb2.Image, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        to_array(image, "L")


def test_raw_images_obey_the_limits() -> None:
    with pytest.raises(TooLargeError):
        to_array(raw(100_000, 100_000, b""), "L")
    with pytest.raises(TooLargeError):
        to_array(raw(20, 20, bytes(400)), "L", PictureLimits(max_bytes=399))
