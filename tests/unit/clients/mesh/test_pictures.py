from __future__ import annotations

import numpy as np
import pytest

from maskmesh.clients.mesh.pictures import to_message
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.images import to_array
from maskmesh.v1 import common_pb2


def test_encoded_bytes_go_as_they_are():
    assert to_message(b"\xff\xd8not checked here").encoded == b"\xff\xd8not checked here"


@pytest.mark.parametrize(
    ("shape", "pixel_format"),
    [
        ((20, 30), common_pb2.PIXEL_FORMAT_GRAY8),
        ((20, 30, 3), common_pb2.PIXEL_FORMAT_RGB24),
    ],
)
def test_pixels_go_raw_and_come_back_equal(shape, pixel_format):
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    message = to_message(pixels)
    assert message.raw.format == pixel_format
    np.testing.assert_array_equal(to_array(message, "keep"), pixels)


def test_views_that_are_not_contiguous_keep_their_order():
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    turned = pixels[::-1, ::2, ::-1]
    np.testing.assert_array_equal(to_array(to_message(turned), "RGB"), turned)


def test_a_single_channel_is_gray():
    pixels = np.zeros((20, 30, 1), np.uint8)
    assert to_message(pixels).raw.format == common_pb2.PIXEL_FORMAT_GRAY8


def test_pixels_over_the_limit_of_bytes_go_encoded():
    message = to_message(np.zeros((4100, 4100), np.uint8))
    assert message.WhichOneof("content") == "encoded"
    assert to_array(message, "L").shape == (4100, 4100)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        ("face.jpg", "read_bytes"),
        (np.zeros((20, 20), np.float32), "uint8"),
        (np.zeros((20, 20, 4), np.uint8), r"H×W×3"),
        (np.zeros((20,), np.uint8), r"H×W"),
        (np.zeros((0, 20), np.uint8), "no pixels"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_hint(picture, words):
    with pytest.raises(InvalidInputError, match=words):
        to_message(picture)
