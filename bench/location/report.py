"""The comparison as tables (in Markdown, to be pasted into the docs) and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from maskmesh.bench.location.comparison import DetectorResult
from maskmesh.bench.location.evaluation import GroupMetrics
from maskmesh.bench.location.photos import Photo

# Rows that wrap are no Markdown.
_NARROWEST = 140
_LEGEND = """
Found: a box with IoU ≥ 0.4. Frontal: up to three-quarter views. Photo of one: photos with exactly
one face; any box: those with any box at all, wherever it is. At ≤ 0.05 false: frontal, ≥ 40 px,
at the threshold that keeps to 0.05 false boxes a photo. False: IoU below 0.25 with every face;
duplicates on a face are counted apart. CPU ms: one thread, a frame of 640×480. All boxes but
maskmesh's are first brought to the reference's framing by the correction in the last table."""
Column = tuple[str, Callable[[DetectorResult], str]]


def show(results: Sequence[DetectorResult], photos: Sequence[Photo]) -> None:
    """Print what was found, what it costs, and how boxes were corrected."""
    console = Console()
    if console.width < _NARROWEST:
        console = Console(width=_NARROWEST)
    console.print(_describe(results, photos) + "\n" + _LEGEND, highlight=False)
    for title, columns in (("Found", _FOUND), ("False boxes, placing and cost", _COST)):
        console.print(f"\n{title}, masked / unmasked\n", highlight=False)
        table = Table(box=box.MARKDOWN)
        table.add_column("detector", no_wrap=True)
        for heading, _ in columns:
            table.add_column(heading, justify="right", no_wrap=True)
        for result in results:
            table.add_row(result.detector.title, *(cell(result) for _, cell in columns))
        console.print(table, highlight=False)
    corrected = [result for result in results if result.corrections]
    if corrected:
        console.print("\nBoxes corrected to the reference's framing\n", highlight=False)
        console.print(_corrections(corrected), highlight=False)


def write_json(results: Sequence[DetectorResult], file: Path) -> None:
    """Write all numbers, {detector: numbers}; the folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = {result.detector.name: _as_dict(result) for result in results}
    file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _describe(results: Sequence[DetectorResult], photos: Sequence[Photo]) -> str:
    masked = [photo for photo in photos if photo.is_masked]
    most = max(results, key=lambda result: result.photos).metrics
    headline = "frontal to three-quarter and ≥ 40 px"
    text = (
        f"{len(photos):,} photos, {len(masked):,} with masked faces. Counted: "
        f"{most.masked.all_faces:,} masked faces, {most.masked.faces:,} of them {headline}; "
        f"{most.unmasked.all_faces:,} and {most.unmasked.faces:,} unmasked."
    )
    fewer = [one for one in results if one.photos < len(photos)]
    for one in fewer:
        text += f" {one.detector.title}: {one.photos:,} photos only."
    return text


def _corrections(results: Sequence[DetectorResult]) -> Table:
    table = Table(box=box.MARKDOWN)
    table.add_column("detector", no_wrap=True)
    for heading in ("moved across", "moved down", "width ×", "height ×"):
        table.add_column(heading, justify="right")
    for result in results:
        for part, correction in result.corrections.items():
            is_all = part in {"", result.detector.name}
            title = result.detector.title + ("" if is_all else f": {part}")
            moved = (f"{value:+.3f}" for value in correction[:2])
            scaled = (f"{value:.3f}" for value in correction[2:])
            table.add_row(title, *moved, *scaled)
    return table


def _as_dict(result: DetectorResult) -> dict[str, Any]:
    return {
        "title": result.detector.title,
        "photos": result.photos,
        "threshold": result.detector.threshold,
        **result.metrics.as_dict(),
        "corrections": {part: one._asdict() for part, one in result.corrections.items()},
        "cpu_ms_median": result.times.median if result.times else None,
        "cpu_ms_95": result.times.slow if result.times else None,
    }


def _pair(read: Callable[[GroupMetrics], float], layout: str) -> Callable[[DetectorResult], str]:
    def cell(result: DetectorResult) -> str:
        both = (read(result.metrics.masked), read(result.metrics.unmasked))
        return " / ".join("–" if np.isnan(value) else format(value, layout) for value in both)

    return cell


def _time(result: DetectorResult) -> str:
    return f"{result.times.median:.1f} / {result.times.slow:.1f}" if result.times else "–"


_FOUND: tuple[Column, ...] = (
    ("frontal, ≥ 40 px", _pair(lambda group: group.recall, ".1%")),
    ("all faces", _pair(lambda group: group.recall_all, ".1%")),
    ("photo of one", _pair(lambda group: group.recall_single, ".1%")),
    ("any box", _pair(lambda group: group.any_box, ".1%")),
    ("at ≤ 0.05 false", _pair(lambda group: group.recall_at_allowed_false, ".1%")),
)
_COST: tuple[Column, ...] = (
    ("false a photo", _pair(lambda group: group.false_per_photo, ".3f")),
    ("duplicates", _pair(lambda group: group.duplicates_per_photo, ".3f")),
    ("mean IoU", _pair(lambda group: group.mean_iou, ".2f")),
    ("average precision", _pair(lambda group: group.average_precision, ".3f")),
    ("CPU ms, median / 95 %", _time),
)
