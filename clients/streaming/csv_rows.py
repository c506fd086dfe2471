"""The results as a CSV table: a row a face, for spreadsheets and data frames."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from maskmesh.clients.closing import ClosedAtEnd
from maskmesh.clients.streaming.lines import open_text
from maskmesh.services.runtime.expressions import EXPRESSIONS

COLUMNS = (
    *("file", "frame", "time_s", "delay_ms", "track", "x", "y", "width", "height"),
    *("label", *EXPRESSIONS, "mask", "error"),
)


class CsvRows(ClosedAtEnd):
    """Writes the rows of each frame and flushes them: a killed run leaves whole rows."""

    def __init__(self, path: Path) -> None:
        """Open the file and write the head; "-" is standard output.

        Raises:
            SetupError: It cannot be written.
        """
        self._stream, self._owned = open_text(path, "--csv")
        self._writer = csv.DictWriter(self._stream, COLUMNS, restval="", lineterminator="\n")
        self._writer.writeheader()

    def write(self, line: dict[str, Any]) -> None:
        """Write a row for each face of a JSON line; one without a face where there is none."""
        of_frame = {name: line[name] for name in COLUMNS if name in line and name not in _OF_FACE}
        faces = line.get("faces") or [{}]
        self._writer.writerows({**of_frame, **_of_face(face)} for face in faces)
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        if self._owned:
            self._stream.close()


# A line's width and height are the frame's, a row's are the face's.
_OF_FACE = frozenset({"width", "height"})


def _of_face(face: dict[str, Any]) -> dict[str, Any]:
    if not face:
        return {}
    box = dict(zip(("x", "y", "width", "height"), face["box"], strict=True))
    values = {name: face[name] for name in ("track", "label", "mask") if name in face}
    return {**values, **box, **face["probabilities"]}
