"""The JSON line of a frame or picture, as scripts read it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from maskmesh.clients.closing import ClosedAtEnd
from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.results import Outcome, SeenFace
from maskmesh.services.runtime.errors import SetupError

STANDARD_OUTPUT = Path("-")
_DIGITS = 5


def open_text(path: Path, option: str) -> tuple[IO[str], bool]:
    """Open a file for writing text, with its folders; "-" is standard output.

    Args:
        path: The file.
        option: The flag that named it, for the message.

    Returns:
        The file, and whether it is to be closed.

    Raises:
        SetupError: It cannot be written.
    """
    if path == STANDARD_OUTPUT:
        return sys.stdout, False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w", encoding="utf-8", errors="backslashreplace", newline=""), True
    except OSError as error:
        raise SetupError(
            f"cannot write {path} ({error.strerror}): name another file with {option}"
        ) from error


class JsonLines(ClosedAtEnd):
    """Writes one JSON object a line and flushes each: a killed run leaves whole lines."""

    def __init__(self, path: Path) -> None:
        """Open the file; "-" is standard output.

        Raises:
            SetupError: It cannot be written.
        """
        self._stream, self._owned = open_text(path, "--json")

    def write(self, line: dict[str, Any]) -> None:
        """Write one line."""
        # In one call, so that a signal cannot leave half a line.
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        if self._owned:
            self._stream.close()


def frame_line(outcome: Outcome) -> dict[str, Any]:
    """Return the line of one frame of a stream; "delay_ms" only where the source is live."""
    if isinstance(outcome, FrameProblem):
        return {"file": outcome.file, "frame": outcome.index, "error": outcome.message}
    frame = outcome.frame
    height, width = frame.bgr.shape[:2]
    delay = {} if outcome.delay_ms is None else {"delay_ms": round(outcome.delay_ms, 1)}
    return {
        "file": frame.file,
        "frame": frame.index,
        "time_s": round(frame.time_s, 4),
        "width": width,
        "height": height,
        **delay,
        "faces": face_objects(outcome.faces),
    }


def face_objects(faces: Sequence[SeenFace]) -> list[dict[str, Any]]:
    """Return the "faces" of a line; a face without a track has no "track".

    "probabilities" and "mask" are smoothed over the track, "label" is the one that is shown: while
    another one leads by little or not for long yet, it is not the most probable one.
    """
    objects = []
    for face in faces:
        track = {} if face.track is None else {"track": face.track}
        by_label = face.expression.by_label.items()
        objects.append(
            {
                "box": list(face.box),
                **track,
                "label": face.expression.label,
                "probabilities": {name: round(value, _DIGITS) for name, value in by_label},
                "mask": round(face.expression.mask_probability, _DIGITS),
            }
        )
    return objects
