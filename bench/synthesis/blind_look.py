"""A sheet of numbered random outputs, for somebody who counts the bad fits before reading why."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from maskmesh.clients.demo.contact_sheet import grid
from maskmesh.clients.inputs import PictureInputs
from maskmesh.clients.streaming.palette import INK, PAPER
from maskmesh.clients.streaming.text import draw_text
from maskmesh.clients.streaming.video_sink import fit_into
from maskmesh.services.mask_synthesis.synthesizer import MaskedFace, MaskSynthesizer
from maskmesh.services.runtime.errors import MaskmeshError
from maskmesh.services.runtime.pictures import decode_picture, encode_png
from maskmesh.training.data_home import default_data

COLUMNS = 10
TILE = 144
CAPTION = 16
SHEET_FILE, KEY_FILE = "sheet.png", "key.jsonl"


@dataclass(frozen=True, slots=True)
class Look:
    """What was drawn.

    Attributes:
        sheet: The PNG file.
        key: JSON lines: which picture a number is, and how its mask was made.
        skipped: Reasons by file, of the pictures that were drawn by lot but have no output.
    """

    sheet: Path
    key: Path
    skipped: dict[str, str]


def blind_look(
    data: Path,
    folder: Path,
    count: int,
    seed: int,
    *,
    min_fit: float = 0.0,
    position: str = "proper",
    advance: Callable[[], None] = lambda: None,
) -> Look:
    """Mask pictures drawn by lot, all at random, and lay them out with numbers.

    Args:
        data: Folder or zip of faces; every picture is taken as one face.
        folder: Gets the sheet and the key; made if it is not there.
        count: How many outputs the sheet shows, fewer if there are fewer pictures.
        seed: Decides the lot; picture number k is masked with seed + k.
        min_fit: Fit score, 0 to 1, below which a face is skipped.
        position: How masks are worn, or "random".
        advance: Called after every output.

    Raises:
        NotFoundError: There are no pictures.
    """
    synthesizer = MaskSynthesizer()
    tiles: list[NDArray[np.uint8]] = []
    lines: list[str] = []
    skipped: dict[str, str] = {}
    with PictureInputs(data) as inputs:
        order = np.random.default_rng(seed).permutation(len(inputs.pictures))
        for index in order:
            if len(tiles) == count:
                break
            source, number = inputs.pictures[index], len(tiles) + 1
            try:
                pixels = decode_picture(source.read(), "keep")
                masked = synthesizer.apply(pixels, position=position, seed=seed + number)
            except MaskmeshError as error:
                skipped[source.file] = str(error)
                continue
            if masked.confidence < min_fit:
                skipped[source.file] = f"its fit score is {masked.confidence:.2f}"
                continue
            tiles.append(_tile(masked.image, number))
            lines.append(json.dumps(_told(number, source.file, masked)))
            advance()
    folder.mkdir(parents=True, exist_ok=True)
    look = Look(folder / SHEET_FILE, folder / KEY_FILE, skipped)
    sheet = grid(tiles, COLUMNS)
    look.sheet.write_bytes(encode_png(np.ascontiguousarray(sheet[:, :, ::-1])))
    look.key.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return look


def _told(number: int, file: str, masked: MaskedFace) -> dict[str, object]:
    return {
        "number": number,
        "file": file,
        "style": masked.style,
        "colour": masked.colour,
        "pattern": masked.pattern,
        "position": masked.position,
        "confidence": round(masked.confidence, 3),
    }


def _tile(pixels: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    conversion = cv2.COLOR_GRAY2BGR if pixels.ndim == 2 else cv2.COLOR_RGB2BGR
    picture = fit_into(np.asarray(cv2.cvtColor(pixels, conversion), np.uint8), (TILE, TILE))
    tile = cv2.copyMakeBorder(picture, 0, CAPTION, 0, 0, cv2.BORDER_CONSTANT, value=INK)
    draw_text(tile, str(number), (2, TILE), 13, PAPER)
    return np.asarray(tile, dtype=np.uint8)


def run(
    *, data: Path | None, output: Path, count: int, seed: int, min_fit: float, position: str
) -> None:
    """Draw a blind look and say where it lies.

    Args:
        data: None: fer2013.zip of the data folder.
        output: Gets the sheet and the key.
        count: How many outputs.
        seed: Decides the lot.
        min_fit: Fit score below which a face is skipped.
        position: How masks are worn, or "random".
    """
    console = Console()
    with Progress(transient=True) as progress:
        task = progress.add_task("masking", total=count)
        look = blind_look(
            data or default_data(),
            output,
            count,
            seed,
            min_fit=min_fit,
            position=position,
            advance=lambda: progress.advance(task),
        )
    for file, reason in look.skipped.items():
        console.print(f"skipped {file}: {reason}", markup=False)
    console.print(f"{look.sheet}: count the bad fits before reading {look.key}", markup=False)
