"""The lines of the manifest: one for each face of each output, and for what gave no output."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from maskmesh.clients.synthesize.making import Applied

WRITTEN, SKIPPED = "written", "skipped"
POINT_DIGITS = 2
KEYS = (
    "source",
    "output",
    "status",
    "reason",
    "class",
    "variant",
    "face",
    "box",
    "seed",
    "style",
    "colour",
    "pattern",
    "position",
    "fit",
    "landmarks",
    "quad",
)
"""The keys of every line, in order; what is not known is null."""

_EMPTY = dict.fromkeys(KEYS)


@dataclass(frozen=True, slots=True)
class FaceLine:
    """What is known of a face before its mask is put on.

    Attributes:
        source: Path of the picture in the source.
        output: Path of the output in the destination.
        variant: From 0.
        face: From 0 in the picture.
        box: x, y, width, height in pixels; None: the picture is the face.
        seed: The face's seed.
    """

    FIT_DIGITS: ClassVar[int] = 4

    source: str
    output: str
    variant: int
    face: int
    box: tuple[int, int, int, int] | None
    seed: int

    def written(self, applied: Applied) -> str:
        """Return the line of a face that wears its mask."""
        return _line(self._known() | _told(applied) | {"status": WRITTEN, "output": self.output})

    def badly_fitting(self, applied: Applied, min_fit: float) -> str:
        """Return the line of a face that was left as it is, since the mask fits badly."""
        # How bad is told by "fit"; the same words for all add up in the summary.
        reason = f"bad fit: below --min-fit {min_fit:g}; --min-fit 0 keeps such faces"
        return _line(self._known() | _told(applied) | {"status": SKIPPED, "reason": reason})

    def skipped(self, reason: str) -> str:
        """Return the line of a face that no mask could be put on."""
        return _line(self._known() | {"status": SKIPPED, "reason": reason})

    def _known(self) -> dict[str, object]:
        return {
            "source": self.source,
            "class": class_of(self.source),
            "variant": self.variant,
            "face": self.face,
            "box": self.box,
            "seed": self.seed,
        }


def skipped_line(source: str, reason: str) -> str:
    """Return the line of a picture, or whatever else, that nothing can be made of."""
    return _line({"source": source, "class": class_of(source), "status": SKIPPED, "reason": reason})


def class_of(source: str) -> str:
    """Return the folders that a picture lies in; "" if it lies in none."""
    parent = PurePosixPath(source).parent.as_posix()
    return "" if parent == "." else parent


def _told(applied: Applied) -> dict[str, object]:
    return {
        "style": applied.style,
        "colour": applied.colour,
        "pattern": applied.pattern,
        "position": applied.position,
        "fit": round(applied.fit, FaceLine.FIT_DIGITS),
        "landmarks": _rounded(applied.landmarks),
        "quad": _rounded(applied.quad),
    }


def _rounded(points: NDArray[np.float32]) -> list[list[float]]:
    rounded: list[list[float]] = points.astype(np.float64).round(POINT_DIGITS).tolist()
    return rounded


def _line(values: dict[str, object]) -> str:
    # Names of files may hold what is no text: ASCII carries them.
    return json.dumps({**_EMPTY, **values}, separators=(",", ":"), ensure_ascii=True)
