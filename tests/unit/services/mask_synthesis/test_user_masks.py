from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskmesh.services.mask_synthesis.user_masks import read_user_mask
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError

ANCHORS: dict[str, Any] = {
    "top_left": [10, 12],
    "top_right": [110, 12.5],
    "bottom_right": [95, 80],
    "bottom_left": [25, 80],
}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A red ellipse, half transparent, on nothing; its JSON lies beside it."""
    y, x = np.mgrid[:90, :120]
    inside = ((x - 60) / 55) ** 2 + ((y - 45) / 40) ** 2 < 1
    pixels = np.zeros((90, 120, 4), np.uint8)
    pixels[inside] = (200, 20, 40, 128)
    Image.fromarray(pixels).save(tmp_path / "Tiger.png")
    describe(tmp_path / "Tiger.json")
    return tmp_path / "Tiger.png"


def describe(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({"anchors": ANCHORS} | changes))


def test_a_mask_is_its_picture_multiplied_by_alpha_and_its_anchors(picture):
    mask = read_user_mask(picture)
    assert mask.name == "tiger"
    np.testing.assert_array_equal(mask.anchors, [[10, 12], [110, 12.5], [95, 80], [25, 80]])
    assert mask.pixels.shape == (90, 120, 4)
    np.testing.assert_array_equal(mask.pixels[45, 60], [100, 10, 20, 128])
    np.testing.assert_array_equal(mask.pixels[0, 0], [0, 0, 0, 0])
    np.testing.assert_allclose(mask.colour, (200, 20, 40), atol=1)


def test_the_json_may_name_it_and_lie_elsewhere(picture, tmp_path):
    describe(tmp_path / "other.json", name="red_one-2")
    assert read_user_mask(picture, tmp_path / "other.json").name == "red_one-2"


def test_missing_files_are_named(picture, tmp_path):
    with pytest.raises(NotFoundError, match=r"no file at .*none\.png"):
        read_user_mask(tmp_path / "none.png", tmp_path / "Tiger.json")
    with pytest.raises(NotFoundError, match=r"no file at .*none\.json: give the mask's anchor"):
        read_user_mask(picture, tmp_path / "none.json")


def test_a_picture_without_alpha_is_refused(picture):
    Image.open(picture).convert("RGB").save(picture)
    with pytest.raises(InvalidInputError, match=r"Tiger\.png is a PNG without an alpha channel"):
        read_user_mask(picture)


@pytest.mark.parametrize(("alpha", "what"), [(255, "opaque"), (0, "transparent")])
def test_a_picture_whose_alpha_shows_no_mask_is_refused(picture, alpha, what):
    Image.new("RGBA", (120, 90), (9, 9, 9, alpha)).save(picture)
    with pytest.raises(InvalidInputError, match=f"Tiger.png is {what} everywhere"):
        read_user_mask(picture)


def test_what_is_no_png_is_refused(picture):
    Image.new("RGB", (120, 90)).save(picture, "JPEG")
    with pytest.raises(InvalidInputError, match="not a picture in a known format: send PNG"):
        read_user_mask(picture)
    picture.write_bytes(b"hello")
    with pytest.raises(InvalidInputError, match="not a picture in a known format: send PNG"):
        read_user_mask(picture)


def test_a_png_that_is_cut_short_is_refused(picture):
    picture.write_bytes(picture.read_bytes()[:-60])
    with pytest.raises(InvalidInputError, match="damaged or cut short"):
        read_user_mask(picture)


WRONG_JSON = {
    "not json": ('{"anchors": ', "not JSON"),
    "a list": ("[1, 2]", "the file is wrong"),
    "unknown key": (json.dumps({"anchors": ANCHORS, "colour": "red"}), "unknown key 'colour'"),
    "unknown anchor": (
        json.dumps({"anchors": ANCHORS | {"nose": [1, 2]}}),
        r"unknown key 'anchors\.nose': known are name, and anchors with top_left, ",
    ),
    "no anchors": ("{}", "the key 'anchors' is missing"),
    "three anchors": (
        json.dumps({"anchors": {name: at for name, at in ANCHORS.items() if name != "top_left"}}),
        r"the key 'anchors\.top_left' is missing",
    ),
    "text": (json.dumps({"anchors": ANCHORS | {"top_left": ["10", 12]}}), "valid number"),
    "one number": (json.dumps({"anchors": ANCHORS | {"top_left": [10]}}), "top_left"),
    "three numbers": (json.dumps({"anchors": ANCHORS | {"top_left": [1, 2, 3]}}), "top_left"),
    "not finite": (json.dumps({"anchors": ANCHORS | {"top_left": [float("nan"), 2]}}), "top_left"),
    "outside": (
        json.dumps({"anchors": ANCHORS | {"top_right": [121, 12]}}),
        r"top_right \(121, 12\) lies outside of the picture of 120×90 pixels",
    ),
    "above": (json.dumps({"anchors": ANCHORS | {"top_left": [10, -1]}}), "lies outside"),
    "crossed": (
        json.dumps({"anchors": ANCHORS | {"top_left": [110, 12], "top_right": [10, 12]}}),
        "no convex quadrilateral: give top_left, top_right, bottom_right, bottom_left clockwise",
    ),
    "dented": (json.dumps({"anchors": ANCHORS | {"top_left": [60, 60]}}), "no convex"),
    "too near": (
        json.dumps({"anchors": ANCHORS | {"bottom_left": [94, 80]}}),
        "at least 8 pixels apart",
    ),
    "built in": (json.dumps({"anchors": ANCHORS, "name": "cloth"}), "name 'cloth' is taken"),
    "random": (json.dumps({"anchors": ANCHORS, "name": "random"}), "name 'random' is taken"),
    "odd name": (json.dumps({"anchors": ANCHORS, "name": "../x"}), "is no name for a mask"),
}


@pytest.mark.parametrize(("text", "message"), WRONG_JSON.values(), ids=list(WRONG_JSON))
def test_a_wrong_json_is_refused_with_what_is_wrong(picture, text, message):
    picture.with_suffix(".json").write_text(text)
    with pytest.raises(InvalidInputError, match=message) as refused:
        read_user_mask(picture)
    assert "Tiger.json: " in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_json_that_is_no_text_is_refused(picture):
    picture.with_suffix(".json").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InvalidInputError, match=r"Tiger\.json: not JSON"):
        read_user_mask(picture)
