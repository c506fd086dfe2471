from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, TooLargeError
from maskmesh.services.runtime.pictures import (
    PictureLimits,
    decode_picture,
    encode_jpeg,
    encode_png,
    read_picture,
    read_transparent_png,
)

GRADIENT = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (40, 1))


def encode(picture: Image.Image, picture_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, picture_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("wanted", ["L", "RGB", "keep"])
def test_every_mode_becomes_eight_bits(mode: str, wanted: str) -> None:
    if mode == "I;16":
        source = Image.fromarray(GRADIENT.astype(np.uint16) * 257)
    else:
        source = Image.fromarray(GRADIENT).convert(mode)
    pixels = decode_picture(encode(source, "PNG"), wanted)  # type: ignore[arg-type]
    gray = wanted == "L" or (wanted == "keep" and mode in {"1", "L", "LA", "I;16"})
    assert pixels.shape == ((40, 64) if gray else (40, 64, 3))
    assert pixels.dtype == np.uint8
    if mode != "1":
        values = pixels if gray else pixels[..., 0]
        np.testing.assert_allclose(values.astype(int), GRADIENT, atol=3)


def test_cmyk_is_converted() -> None:
    source = Image.new("RGB", (32, 32), (200, 30, 60)).convert("CMYK")
    pixels = decode_picture(encode(source, "JPEG", quality=95))
    np.testing.assert_allclose(pixels[16, 16].astype(int), (200, 30, 60), atol=4)


def test_transparency_is_laid_over_white() -> None:
    pixels = decode_picture(encode(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG"), "L")
    assert (pixels == 255).all()


def test_a_cameras_mpo_is_its_first_picture() -> None:
    preview = Image.new("L", (32, 32))
    data = encode(Image.fromarray(GRADIENT), "MPO", save_all=True, append_images=[preview])
    assert decode_picture(data, "L").shape == GRADIENT.shape


def test_limits_above_pillows_own_hold() -> None:
    data = encode(Image.new("1", (20_000, 10_000)), "PNG")
    limits = PictureLimits(max_pixels=300_000_000)
    assert decode_picture(data, "L", limits).shape == (10_000, 20_000)


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(Image.fromarray(GRADIENT), "JPEG", exif=exif)
    assert decode_picture(data, "L").shape == (64, 40)


JPEG = encode_jpeg(GRADIENT)
ANIMATION = encode(
    Image.new("L", (20, 20)), "GIF", save_all=True, append_images=[Image.new("L", (20, 20), 9)]
)


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"", InvalidInputError, "empty"),
        (b"no picture at all", InvalidInputError, "not a picture"),
        (JPEG[: len(JPEG) // 2], InvalidInputError, "damaged or cut short"),
        (JPEG[:20], InvalidInputError, "not a picture"),
        (encode_png(GRADIENT)[:-30], InvalidInputError, "damaged or cut short"),
        (encode(Image.new("L", (1, 1)), "PNG"), InvalidInputError, "at least 16"),
        (ANIMATION, InvalidInputError, "animated"),
        (JPEG + bytes(16 * 1024 * 1024), TooLargeError, "limit is 16,777,216"),
        (encode(Image.new("1", (10_000, 5_001)), "PNG"), TooLargeError, "50,000,000"),
        (encode(Image.new("1", (20_000, 10_000)), "PNG"), TooLargeError, "50,000,000"),
    ],
    ids=["empty", "text", "half", "head", "png", "1x1", "gif", "bytes", "pixels", "bomb"],
)
def test_bad_pictures_are_refused(data: bytes, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        decode_picture(data)


def test_limits_are_the_callers(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(JPEG)
    assert read_picture(path, "L").shape == (40, 64)
    with pytest.raises(TooLargeError):
        read_picture(path, limits=PictureLimits(max_bytes=100))
    with pytest.raises(TooLargeError):
        read_picture(path, limits=PictureLimits(max_pixels=100))
    with pytest.raises(NotFoundError):
        read_picture(tmp_path / "missing.jpg")


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_transparent_png_keeps_its_alpha(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGBA", (32, 24), (90, 90, 90, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 16, 24))
    picture.convert(mode).save(tmp_path / "a.png")
    pixels = read_transparent_png(tmp_path / "a.png")
    assert (pixels.shape, pixels.dtype) == ((24, 32, 4), np.uint8)
    assert pixels[3, 3, 3] == 0
    np.testing.assert_allclose(pixels[3, 20].astype(int), (90, 90, 90, 255), atol=4)


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P"])
def test_an_opaque_png_is_refused_where_alpha_is_needed(tmp_path: Path, mode: str) -> None:
    Image.new("RGB", (32, 24)).convert(mode).save(tmp_path / "a.png")
    with pytest.raises(InvalidInputError, match=r"a\.png is a PNG without an alpha channel"):
        read_transparent_png(tmp_path / "a.png")


def test_a_transparent_png_is_held_against_the_limits(tmp_path: Path) -> None:
    Image.new("RGBA", (32, 24)).save(tmp_path / "a.png")
    Image.new("RGBA", (32, 24)).save(tmp_path / "a.webp")
    with pytest.raises(TooLargeError, match="32×24"):
        read_transparent_png(tmp_path / "a.png", PictureLimits(max_pixels=700))
    with pytest.raises(TooLargeError, match="the limit is 10"):
        read_transparent_png(tmp_path / "a.png", PictureLimits(max_bytes=10))
    with pytest.raises(NotFoundError, match="no file at"):
        read_transparent_png(tmp_path / "b.png")
    with pytest.raises(InvalidInputError, match="send PNG"):
        read_transparent_png(tmp_path / "a.webp")
