"""What a data set holds and what is odd about it: counts, blank pictures, duplicates."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.table import Table

from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.duplicates import is_blank, near_duplicates
from maskmesh.training.labels import CLASSES


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What the data holds and what is odd about it.

    Attributes:
        counts: Pictures by split and class.
        resized: Pictures by split that were not 48x48.
        blank: Names by split of the pictures whose pixels all have one value.
        duplicates: Groups of file names, across all splits, with exactly equal pixels.
        contradictions: How many of those groups have more than one label.
        across_splits: Pairs of names, one of an earlier and one of a later split, that show nearly
            the same picture, mirrored or not; see `near_duplicates`.
        sha256: Hash of the contents by split.
    """

    counts: dict[str, dict[str, int]]
    resized: dict[str, int]
    blank: dict[str, list[str]]
    duplicates: list[list[str]]
    contradictions: int
    across_splits: list[tuple[str, str]]
    sha256: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return asdict(self)

    def table(self) -> Table:
        """Return the counts as a table for the terminal, with all oddities below it."""
        doubles = sum(len(group) - 1 for group in self.duplicates)
        table = Table(
            title="data",
            caption=f"{doubles:,} pictures are there again, {self.contradictions:,} of them with "
            f"another label; {len(self.across_splits):,} nearly the same in two splits; "
            f"{sum(len(names) for names in self.blank.values()):,} blank; "
            f"{sum(self.resized.values()):,} resized to 48×48",
        )
        table.add_column("split")
        for name in (*CLASSES, "all"):
            table.add_column(name, justify="right")
        for split, counts in self.counts.items():
            numbers = [f"{counts[name]:,}" for name in CLASSES]
            table.add_row(split, *numbers, f"{sum(counts.values()):,}")
        return table


def describe(splits: Sequence[LabelledFaces]) -> DatasetReport:
    """Count classes, blank pictures and duplicates over the given splits."""
    groups = _equal_pixels(splits)
    return DatasetReport(
        counts={
            faces.split: dict(
                zip(
                    CLASSES,
                    np.bincount(faces.labels, minlength=len(CLASSES)).tolist(),
                    strict=True,
                )
            )
            for faces in splits
        },
        resized={faces.split: faces.resized for faces in splits},
        blank={
            faces.split: [faces.names[i] for i in np.flatnonzero(is_blank(faces.images))]
            for faces in splits
        },
        duplicates=[[name for name, _ in group] for group in groups],
        contradictions=sum(len({label for _, label in group}) > 1 for group in groups),
        across_splits=[
            pair
            for index, earlier in enumerate(splits)
            for later in splits[index + 1 :]
            for pair in _leaks(earlier, later)
        ],
        sha256={faces.split: faces.sha256 for faces in splits},
    )


def _equal_pixels(splits: Sequence[LabelledFaces]) -> list[list[tuple[str, int]]]:
    """Return groups of equal pictures, each picture as its name and its label."""
    by_pixels: dict[bytes, list[tuple[str, int]]] = {}
    for faces in splits:
        for name, label, image in zip(faces.names, faces.labels, faces.images, strict=True):
            digest = hashlib.sha256(image.tobytes()).digest()
            by_pixels.setdefault(digest, []).append((name, int(label)))
    return [group for group in by_pixels.values() if len(group) > 1]


def _leaks(earlier: LabelledFaces, later: LabelledFaces) -> list[tuple[str, str]]:
    found = near_duplicates(earlier.images, later.images)
    return [(earlier.names[row], later.names[found[row]]) for row in np.flatnonzero(found >= 0)]
