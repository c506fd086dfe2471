"""The numbers of `maskmesh bench tracking` as a table and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from maskmesh.bench.tracking import ClipResult

# Rows that wrap are no Markdown.
_NARROWEST = 170
_HEADINGS = (
    "CPU ms",
    "p95",
    "own",
    "stock",
    "ratio",
    "searched",
    "switches",
    "found",
    "false",
    "appears",
    "IoU",
    "shake",
)
_LEGEND = """
CPU ms: of one frame, on one thread: mean and 95th percentile; own: without the detector. Ratio: how
much faster than detectMultiScale(1.1) with frontalface_default on the same frames, in turn.
Searched: share of frames searched whole. Switches: somebody's id changes; in the demo clip, ids
beyond the number of people between two cuts. Appears: longest time until a new face is found, in
video time. IoU: with the known face. Shake: of box middles, in % of the face's side."""


def report(results: Sequence[ClipResult], json_file: Path | None) -> None:
    """Print a table (in Markdown, to be pasted into the docs) and write JSON if asked."""
    console = Console()
    if console.width < _NARROWEST:
        console = Console(width=_NARROWEST)
    console.print(_LEGEND + "\n", highlight=False)
    table = Table(box=box.MARKDOWN)
    table.add_column("clip, 640×480", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        table.add_row(result.name, *_cells(result))
    console.print(table, highlight=False)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        rows = {result.name: _as_dict(result) for result in results}
        json_file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _cells(result: ClipResult) -> list[str]:
    followed_ms = 1000 * np.array(result.times.first)
    stock_ms = 1000 * np.array(result.times.second)
    known = result.following
    return [
        f"{followed_ms.mean():.2f}",
        f"{np.percentile(followed_ms, 95):.2f}",
        f"{1000 * result.own_seconds / result.frames:.2f}",
        f"{stock_ms.mean():.1f}",
        f"{result.ratio:.1f}",
        f"{result.searches / result.frames:.0%}",
        str(result.switches),
        *(
            ["–"] * 5
            if known is None
            else [
                f"{known.found:.1%}",
                str(known.false_boxes),
                f"{1000 * known.appears_s:.0f} ms",
                f"{known.mean_iou:.3f}",
                f"{100 * known.shake:.2f}",
            ]
        ),
    ]


def _as_dict(result: ClipResult) -> dict[str, Any]:
    followed_ms = 1000 * np.array(result.times.first)
    row: dict[str, Any] = {
        "frames": result.frames,
        "mean_ms": float(followed_ms.mean()),
        "p95_ms": float(np.percentile(followed_ms, 95)),
        "own_ms": 1000 * result.own_seconds / result.frames,
        "stock_ms": float(1000 * np.mean(result.times.second)),
        "ratio": result.ratio,
        "searches": result.searches,
        "lookups": result.lookups,
        "switches": result.switches,
    }
    if result.following is not None:
        known = asdict(result.following)
        # JSON has neither.
        row |= {name: value if math.isfinite(value) else None for name, value in known.items()}
    return row
