"""Contact sheets: some of the masked faces of each class, to be looked at."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.demo.contact_sheet import grid
from maskmesh.clients.streaming.palette import INK, PAPER, Colour
from maskmesh.clients.streaming.text import draw_text
from maskmesh.clients.streaming.video_sink import fit_into
from maskmesh.services.runtime.pictures import encode_png, read_picture

SHEET_PREFIX, SHEET_SUFFIX = "contact_sheet", ".png"
SHEET_FACES, SHEET_COLUMNS = 48, 8
TILE = (112, 112)
CAPTION, CAPTION_TEXT = 18, 12
# Share of a face's box that a tile shows around it.
MARGIN = 0.4
# A face that fits worse than this is framed, since it is worth a look.
LOW_FIT = 0.5
FRAME: Colour = (40, 110, 250)


def sheet_names(classes: Iterable[str]) -> dict[str, str]:
    """Return the file of each class's sheet, no two alike.

    Args:
        classes: Folders of the source with forward slashes, "" for pictures in none.
    """
    names: dict[str, str] = {}
    for name in sorted(classes):
        stem = ".".join(part for part in (SHEET_PREFIX, *name.split("/")) if part)
        while stem in names.values():
            stem += "_"
        names[name] = stem
    return {name: stem + SHEET_SUFFIX for name, stem in names.items()}


@dataclass(frozen=True, slots=True, order=True)
class _Face:
    """A face on a sheet; `lot` decides which are taken."""

    lot: str
    output: str
    number: int
    box: tuple[int, int, int, int] | None
    style: str
    fit: float


class Sheets:
    """Draws lots for the sheets. Memory stays flat: of each class, only what its sheet shows."""

    def __init__(self) -> None:
        self._faces: dict[str, list[_Face]] = defaultdict(list)

    def draw_lot(self, entry: Mapping[str, Any]) -> None:
        """Take a face into the draw.

        Args:
            entry: The manifest's line of a face that was written.
        """
        named = f"{entry['output']}\n{entry['face']}".encode("utf-8", "surrogateescape")
        lot = hashlib.blake2b(named, digest_size=8).hexdigest()
        box = entry["box"] and tuple(entry["box"])
        faces = self._faces[entry["class"]]
        faces.append(_Face(lot, entry["output"], entry["face"], box, entry["style"], entry["fit"]))
        if len(faces) > SHEET_FACES:
            faces.sort()
            del faces[SHEET_FACES:]

    def write(self, folder: Path) -> None:
        """Write a sheet for each class beside the pictures that it shows.

        Args:
            folder: Where the pictures are.

        Raises:
            OSError: The disk is full.
        """
        for class_name, file in sheet_names(self._faces).items():
            faces = sorted(self._faces[class_name], key=lambda face: (face.output, face.number))
            sheet = grid([_tile(folder, face) for face in faces], min(SHEET_COLUMNS, len(faces)))
            (folder / file).write_bytes(encode_png(np.ascontiguousarray(sheet[:, :, ::-1])))


def _tile(folder: Path, face: _Face) -> NDArray[np.uint8]:
    rgb = _around(read_picture(folder / face.output), face.box)
    picture = fit_into(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), np.uint8), TILE)
    tile = cv2.copyMakeBorder(picture, 0, CAPTION, 0, 0, cv2.BORDER_CONSTANT, value=INK)
    is_low = face.fit < LOW_FIT
    if is_low:
        cv2.rectangle(tile, (0, 0), (TILE[0] - 1, TILE[1] - 1), FRAME, 2)
    score = f"{face.fit:.2f}"
    draw_text(tile, score, (2, TILE[1] + 1), CAPTION_TEXT, FRAME if is_low else PAPER)
    draw_text(tile, face.style, (32, TILE[1] + 1), CAPTION_TEXT, PAPER)
    return np.asarray(tile, dtype=np.uint8)


def _around(rgb: NDArray[np.uint8], box: tuple[int, int, int, int] | None) -> NDArray[np.uint8]:
    """Cut a face out with a margin; without a box, the picture is the face."""
    if box is None:
        return rgb
    x, y, width, height = box
    across, down = round(MARGIN * width), round(MARGIN * height)
    top, left = max(0, y - down), max(0, x - across)
    return np.ascontiguousarray(rgb[top : y + height + down, left : x + width + across])
