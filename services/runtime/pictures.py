"""Decoding of untrusted pictures: the header is checked against limits before any pixel is decoded.

Everything else in maskmesh that turns bytes or files into pixels calls this module.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from maskmesh.services.runtime.errors import (
    InvalidInputError,
    MaskmeshError,
    NotFoundError,
    TooLargeError,
)

ColourMode = Literal["L", "RGB", "keep"]
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".pgm", ".ppm"}
)

# What Pillow's readers raise on files that are cut short or altered.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    KeyError,
    OverflowError,
    struct.error,
)
# Pillow's own limit is off: every picture's header is held against `PictureLimits`.
Image.MAX_IMAGE_PIXELS = None

_SIXTEEN_BIT_MODES = frozenset({"I", "I;16", "I;16B", "I;16L"})


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a picture may be at most, and at least.

    Attributes:
        max_bytes: Encoded size, in bytes.
        max_pixels: Width × height, in pixels, read from the header before decoding.
        min_side: Shorter side, in pixels.
    """

    max_bytes: int = 16 * 1024 * 1024
    max_pixels: int = 50_000_000
    min_side: int = 16

    def check_size(self, width: int, height: int) -> None:
        """Hold a picture's size in pixels against the limits.

        Raises:
            InvalidInputError: The shorter side is under `min_side`.
            TooLargeError: The picture has more than `max_pixels`.
        """
        if width * height > self.max_pixels:
            raise TooLargeError(
                f"the picture is {width}×{height} = {width * height:,} pixels, "
                f"the limit is {self.max_pixels:,}: send it smaller"
            )
        if min(width, height) < self.min_side:
            raise InvalidInputError(
                f"the picture is {width}×{height} pixels: its shorter side must have "
                f"at least {self.min_side}"
            )


DEFAULT_LIMITS = PictureLimits()


def decode_picture(
    data: bytes, mode: ColourMode = "RGB", limits: PictureLimits = DEFAULT_LIMITS
) -> NDArray[np.uint8]:
    """Decode an encoded picture, upright according to its EXIF orientation.

    CMYK, palette, 16-bit and transparent pictures are converted to 8 bits a channel; transparency
    is laid over white.

    Args:
        data: An encoded JPEG, PNG, WebP, BMP, TIFF, GIF or PPM picture.
        mode: "L" for gray, "RGB" for colour, "keep" for gray if the picture is gray, else colour.
        limits: Bounds that the header is held against before pixels are decoded.

    Returns:
        uint8 array, H×W for gray or H×W×3 in R, G, B order for colour, values 0 to 255.

    Raises:
        InvalidInputError: Empty, truncated, animated, too small, or not a picture.
        TooLargeError: More bytes or more pixels than the limits allow.
    """
    with _opened(data, PICTURE_FORMATS, limits) as picture:
        _refuse_animation(picture)
        if mode == "L":
            picture.draft("L", picture.size)
        return _to_array(picture, mode)


def read_transparent_png(path: Path, limits: PictureLimits = DEFAULT_LIMITS) -> NDArray[np.uint8]:
    """Read a PNG file that has transparency.

    Args:
        path: The file.
        limits: Bounds that the file and its header are held against before pixels are decoded.

    Returns:
        uint8 array, H×W×4, R, G, B (not multiplied by alpha), alpha.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: The file is not an acceptable PNG, or it has no transparency.
        TooLargeError: More bytes or more pixels than the limits allow.
    """
    with _opened(_file_bytes(path, limits), ("PNG",), limits) as picture:
        _refuse_animation(picture)
        if not picture.has_transparency_data:
            raise InvalidInputError(
                f"{path} is a PNG without an alpha channel ({picture.mode}): "
                "save it with transparency, as RGBA"
            )
        return np.array(picture.convert("RGBA"), dtype=np.uint8)


def picture_size(data: bytes) -> tuple[int, int]:
    """Read width and height, in pixels, from an encoded picture's header; nothing is decoded.

    Raises:
        InvalidInputError: Not a picture, or its header is damaged.
    """
    try:
        with Image.open(io.BytesIO(data), formats=PICTURE_FORMATS) as picture:
            return picture.size
    except UnidentifiedImageError as error:
        raise _unknown_format(data) from error
    except _DAMAGE as error:
        raise _damaged(error) from error


def read_picture(
    path: Path, mode: ColourMode = "RGB", limits: PictureLimits = DEFAULT_LIMITS
) -> NDArray[np.uint8]:
    """Read a picture file; see `decode_picture` for the result and the errors.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: The file is not an acceptable picture.
    """
    return decode_picture(_file_bytes(path, limits), mode, limits)


def encode_jpeg(pixels: NDArray[np.uint8], quality: int = 90) -> bytes:
    """Encode an H×W gray or H×W×3 RGB uint8 array as JPEG at a quality of 1 to 100."""
    return _encode(pixels, "JPEG", quality=quality)


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode an H×W gray or H×W×3 RGB uint8 array as PNG, without loss."""
    return _encode(pixels, "PNG", compress_level=1)


def _unknown_format(data: bytes) -> InvalidInputError:
    return InvalidInputError(
        f"these {len(data):,} bytes are not a picture in a known format: "
        f"send one of {', '.join(PICTURE_FORMATS)}"
    )


def _damaged(error: Exception) -> InvalidInputError:
    return InvalidInputError(f"the picture is damaged or cut short ({error}): send it again, whole")


def _encode(pixels: NDArray[np.uint8], picture_format: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, picture_format, **options)
    return buffer.getvalue()


def _file_bytes(path: Path, limits: PictureLimits) -> bytes:
    if not path.is_file():
        raise NotFoundError(f"no file at {path}: check the path")
    if path.stat().st_size > limits.max_bytes:
        raise TooLargeError(
            f"{path} has {path.stat().st_size:,} bytes, the limit is {limits.max_bytes:,}: "
            "make it smaller"
        )
    return path.read_bytes()


@contextmanager
def _opened(data: bytes, formats: tuple[str, ...], limits: PictureLimits) -> Iterator[Image.Image]:
    """Open an untrusted picture and hold its header against the limits, with errors for users."""
    if not data:
        raise InvalidInputError("the picture is empty (0 bytes): send an encoded JPEG or PNG")
    if len(data) > limits.max_bytes:
        raise TooLargeError(
            f"the picture has {len(data):,} bytes, the limit is {limits.max_bytes:,}: "
            "send it smaller or more compressed"
        )
    try:
        with Image.open(io.BytesIO(data), formats=formats) as picture:
            limits.check_size(*picture.size)
            yield picture
    except (MaskmeshError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        expected = formats[0] if len(formats) == 1 else f"one of {', '.join(formats)}"
        raise InvalidInputError(
            f"these {len(data):,} bytes are not a picture in a known format: send {expected}"
        ) from error
    except _DAMAGE as error:
        raise InvalidInputError(
            f"the picture is damaged or cut short ({error}): send it again, whole"
        ) from error


def _refuse_animation(picture: Image.Image) -> None:
    # A camera's MPO is a JPEG whose further pictures are previews or gain maps of the first.
    if picture.format == "MPO":
        return
    frames = getattr(picture, "n_frames", 1)
    if frames > 1:
        raise InvalidInputError(
            f"the picture is animated or has pages ({frames} of them): send one as JPEG or PNG, "
            "or stream the file as a clip"
        )


def _to_array(picture: Image.Image, mode: ColourMode) -> NDArray[np.uint8]:
    upright = ImageOps.exif_transpose(picture)
    if mode == "keep":
        mode = "L" if upright.mode in {"1", "L", "LA", *_SIXTEEN_BIT_MODES} else "RGB"
    if upright.mode in _SIXTEEN_BIT_MODES:
        upright = _sixteen_to_eight_bits(upright)
    elif upright.has_transparency_data:
        canvas = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(canvas, upright.convert("RGBA"))
    return np.asarray(upright.convert(mode), dtype=np.uint8)


def _sixteen_to_eight_bits(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture, dtype=np.float64)
    return Image.fromarray(np.clip(values / 257.0, 0, 255).round().astype(np.uint8))
