"""What a finished run tells of itself: the manifest, a summary, contact sheets."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.demo.contact_sheet import grid
from maskmesh.clients.streaming.video_sink import fit_into
from maskmesh.clients.synthesize.lines import WRITTEN
from maskmesh.services.runtime.pictures import encode_png, read_picture

MANIFEST, SUMMARY = "manifest.jsonl", "summary.json"
SHEET_PREFIX = "contact_sheet"
SHEET_PICTURES, SHEET_COLUMNS = 48, 8
TILE = (112, 112)


class Tally:
    """Counts the lines of a manifest, and draws lots for the contact sheets.

    Memory stays flat: of each class, only the names on its sheet are kept.
    """

    def __init__(self) -> None:
        self._status: Counter[str] = Counter()
        self._classes: dict[str, Counter[str]] = defaultdict(Counter)
        self._reasons: Counter[str] = Counter()
        self._wearing: dict[str, Counter[str]] = defaultdict(Counter)
        self.sheets: dict[str, list[tuple[str, str]]] = defaultdict(list)
        """Hash and path of the pictures of each class's sheet, by the hash."""

    def add(self, line: str) -> None:
        """Count a line."""
        entry = json.loads(line)
        self._status[entry["status"]] += 1
        self._classes[entry["class"]][entry["status"]] += 1
        if entry["status"] == WRITTEN:
            for key in ("style", "pattern", "position"):
                self._wearing[key][entry[key]] += 1
            self._draw_lot(entry["class"], entry["output"])
        else:
            self._reasons[_without_numbers(entry["reason"])] += 1

    def summary(self, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Return all counts, with what decided the run's result."""
        return {
            "faces": dict(sorted(self._status.items())),
            "classes": {name: dict(sorted(c.items())) for name, c in sorted(self._classes.items())},
            "reasons": dict(self._reasons.most_common()),
            **{key: dict(sorted(counts.items())) for key, counts in sorted(self._wearing.items())},
            "run": dict(identity),
        }

    def _draw_lot(self, class_name: str, output: str) -> None:
        lot = hashlib.blake2b(output.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
        sheet = self.sheets[class_name]
        if (lot, output) not in sheet:
            sheet.append((lot, output))
            sheet.sort()
            del sheet[SHEET_PICTURES:]


def write_reports(
    lines: Iterable[str], identity: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """Write manifest, summary and a contact sheet of each class beside the pictures.

    Args:
        lines: Of the manifest, in its order.
        identity: All that decided the run's result.
        folder: Where the pictures are.

    Returns:
        The summary.

    Raises:
        OSError: The disk is full.
    """
    tally = Tally()
    with (folder / MANIFEST).open("w", encoding="ascii") as manifest:
        for line in lines:
            manifest.write(f"{line}\n")
            tally.add(line)
    for class_name, lots in tally.sheets.items():
        outputs = sorted(output for _, output in lots)
        sheet = grid([_tile(folder / output) for output in outputs], SHEET_COLUMNS)
        name = ".".join(part for part in (SHEET_PREFIX, *class_name.split("/")) if part)
        (folder / f"{name}.png").write_bytes(encode_png(np.ascontiguousarray(sheet[:, :, ::-1])))
    summary = tally.summary(identity)
    (folder / SUMMARY).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return summary


def _tile(path: Path) -> NDArray[np.uint8]:
    return fit_into(cv2.cvtColor(read_picture(path), cv2.COLOR_RGB2BGR).astype(np.uint8), TILE)


def _without_numbers(reason: str) -> str:
    """Return the kind of a reason: what differs from picture to picture would not add up."""
    return " ".join("…" if any(map(str.isdigit, word)) else word for word in reason.split())
