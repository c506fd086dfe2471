"""Masks of the user's own: a PNG with transparency, and a small JSON of its anchor points.

    {"name": "tiger",
     "anchors": {"top_left": [40, 62], "top_right": [472, 60],
                 "bottom_right": [401, 350], "bottom_left": [110, 352]}}

The anchors are pixels of the PNG, x to the right and y down from its upper left corner; "left" is
the left of the picture. The upper ones go to the two sides of the head at the height of the bridge
of the nose just under the eyes, the lower ones to the corners of the jaw just below the chin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from maskmesh.services.mask_synthesis.colours import Rgb
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import read_transparent_png

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
RESERVED = (*MASK_STYLES, "random", "none")
CORNERS = ("top_left", "top_right", "bottom_right", "bottom_left")
# An edge between two anchors shorter than this cannot be meant.
MIN_EDGE = 8.0

Coordinate = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Point = tuple[Coordinate, Coordinate]


@dataclass(frozen=True, slots=True, eq=False)
class UserMask:
    """A mask that a user gave, to be named as a style.

    Attributes:
        name: Its name.
        pixels: uint8 H×W×4, R, G, B multiplied by alpha, and alpha.
        anchors: float32 (4, 2): where the pivots top-left, top-right, bottom-right, bottom-left
            lie on it, x and y in pixels from its upper left corner.
        colour: Its mean colour, R, G, B, 0 to 255, where it is not transparent.
    """

    name: str
    pixels: NDArray[np.uint8]
    anchors: NDArray[np.float32]
    colour: Rgb


class _Anchors(BaseModel):
    model_config = ConfigDict(extra="forbid")

    top_left: Point
    top_right: Point
    bottom_right: Point
    bottom_left: Point


class _Description(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    anchors: _Anchors


def read_user_mask(picture: Path, description: Path | None = None) -> UserMask:
    """Read a mask from its PNG and its JSON.

    Args:
        picture: The PNG; not to be larger than 16 MiB and 50 megapixels.
        description: The JSON; None: the file beside the PNG that is called like it, with .json.

    Returns:
        The mask; without a name in the JSON it is called like the PNG.

    Raises:
        NotFoundError: One of the files does not exist.
        InvalidInputError: The PNG is none, or has no transparency, or nothing in it is seen; the
            JSON is none, lacks a key or has unknown ones; an anchor is outside of the picture, or
            the anchors are no convex quadrilateral; the name is taken or has odd characters.
        TooLargeError: The PNG is too large.
    """
    source = description if description is not None else picture.with_suffix(".json")
    pixels = read_transparent_png(picture)
    _check_transparency(picture, pixels[..., 3])
    described = _described(source)
    rows, columns = pixels.shape[:2]
    corners = [getattr(described.anchors, corner) for corner in CORNERS]
    anchors = np.array(corners, dtype=np.float32)
    _check_anchors(source, anchors, (columns, rows))
    name = described.name if described.name is not None else picture.stem.lower()
    _check_name(source, name)
    premultiplied = _premultiplied(pixels)
    return UserMask(name, premultiplied, anchors, _mean_colour(premultiplied))


def _described(source: Path) -> _Description:
    if not source.is_file():
        raise NotFoundError(
            f"no file at {source}: give the mask's anchor points in it as JSON, "
            'like {"anchors": {"top_left": [x, y], …}}'
        )
    try:
        return _Description.model_validate_json(source.read_bytes())
    except ValidationError as error:
        raise InvalidInputError(f"{source}: {_first_problem(error)}") from error


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return f"not JSON ({first['msg']}): correct the file"
    if first["type"] == "extra_forbidden":
        return f"unknown key {place!r}: known are name, and anchors with {', '.join(CORNERS)}"
    if first["type"] == "missing" and len(first["loc"]) < 3:
        return f"the key {place!r} is missing: give anchors with {', '.join(CORNERS)}"
    return f"{place or 'the file'} is wrong ({first['msg']}): give anchors as [x, y] in pixels"


def _check_transparency(picture: Path, alpha: NDArray[np.uint8]) -> None:
    if alpha.min() == 255:
        raise InvalidInputError(
            f"{picture} is opaque everywhere: make transparent what is not part of the mask"
        )
    if alpha.max() == 0:
        raise InvalidInputError(f"{picture} is transparent everywhere: there is no mask to see")


def _check_anchors(source: Path, anchors: NDArray[np.float32], size: tuple[int, int]) -> None:
    for corner, (x, y) in zip(CORNERS, anchors.tolist(), strict=True):
        if not (0 <= x <= size[0] and 0 <= y <= size[1]):
            raise InvalidInputError(
                f"{source}: the anchor {corner} ({x:g}, {y:g}) lies outside of the picture of "
                f"{size[0]}×{size[1]} pixels: give places inside"
            )
    edges = np.roll(anchors, -1, axis=0) - anchors
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    if turns.min() <= 0 or np.hypot(edges[:, 0], edges[:, 1]).min() < MIN_EDGE:
        raise InvalidInputError(
            f"{source}: the anchors are no convex quadrilateral: give "
            f"{', '.join(CORNERS)} clockwise, at least {MIN_EDGE:g} pixels apart"
        )


def _check_name(source: Path, name: str) -> None:
    if name in RESERVED:
        raise InvalidInputError(
            f"{source}: the name {name!r} is taken: choose another than {', '.join(RESERVED)}"
        )
    if not NAME.fullmatch(name):
        raise InvalidInputError(
            f"{source}: {name!r} is no name for a mask: use a to z, 0 to 9, - and _, at most 40"
        )


def _premultiplied(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    whole = pixels.astype(np.uint16)
    whole[..., :3] = (whole[..., :3] * whole[..., 3:] + 127) // 255
    premultiplied = whole.astype(np.uint8)
    premultiplied.setflags(write=False)
    return premultiplied


def _mean_colour(premultiplied: NDArray[np.uint8]) -> Rgb:
    sums = premultiplied.sum(axis=(0, 1), dtype=np.float64)
    red, green, blue = (round(255.0 * part / sums[3]) for part in sums[:3].tolist())
    return red, green, blue
