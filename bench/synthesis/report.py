"""What `maskmesh bench synthesis` measured, as tables and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from maskmesh.bench.pairs import PairedTimes
from maskmesh.bench.synthesis.kills import Kills
from maskmesh.bench.synthesis.memory import Course
from maskmesh.bench.synthesis.peer import SideBySide
from maskmesh.bench.synthesis.rates import Rate
from maskmesh.bench.synthesis.run import Results


def report(results: Results, json_file: Path | None) -> None:
    """Print a table for each part that was measured and write the numbers as JSON if asked."""
    console = Console()
    numbers: dict[str, Any] = {}
    if results.peer:
        numbers["mask_the_face"] = peer_numbers(results.peer)
        console.print(_peer_table(numbers["mask_the_face"]))
    if results.rates:
        numbers["rates"] = rate_numbers(results.rates)
        console.print(_rate_table(numbers["rates"]))
    if results.memory:
        numbers["memory"] = memory_numbers(results.memory)
        console.print(_memory_table(numbers["memory"]))
    if results.kills:
        numbers["kills"] = kill_numbers(results.kills)
        console.print(_kill_table(numbers["kills"]))
    if json_file:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


def peer_numbers(result: SideBySide) -> dict[str, Any]:
    """Times per picture in ms, ratios of pictures a second, and how many each dropped."""
    return {
        "pictures": len(result.theirs),
        "dropped": result.dropped(),
        "compared": {name: _pair_numbers(pair) for name, pair in result.pairs().items()},
    }


def rate_numbers(rates: dict[str, Rate]) -> dict[str, Any]:
    """Pictures a second of each mode, and what share of the first mode's the others reach."""
    base = next(iter(rates.values()))
    numbers = {}
    for name, rate in rates.items():
        shares = np.array(rate.running) / np.array(base.running)
        numbers[name] = {
            "pictures": rate.many,
            "whole_per_s": rate.whole,
            "running_per_s": float(np.median(rate.running)),
            "running_per_s_each": list(rate.running),
            "start_s": rate.start_s,
            "share": float(np.median(shares)),
        }
    return numbers


def memory_numbers(courses: list[Course]) -> list[dict[str, Any]]:
    """Peak and growth of each process, in MB, and its course thinned to about fifty looks."""
    return [
        {
            "process": course.name,
            "peak_mb": course.peak,
            "growth_mb": course.growth,
            "course_mb": list(course.megabytes[:: max(1, len(course.megabytes) // 50)]),
        }
        for course in courses
    ]


def kill_numbers(kills: Kills) -> dict[str, Any]:
    """How many runs ended the same, and each kill's moment and differences."""
    return {
        "files": kills.files,
        "whole_s": kills.whole_s,
        "kills": len(kills.kills),
        "identical": kills.identical,
        "each": [
            {
                "after_s": kill.after_s,
                "files_then": kill.files_then,
                "different": list(kill.different),
            }
            for kill in kills.kills
        ],
    }


def _pair_numbers(pair: PairedTimes) -> dict[str, Any]:
    ours, theirs = np.array(pair.first), np.array(pair.second)
    return {
        "pictures": len(pair.first),
        "ours_ms": 1000 * float(np.median(ours)),
        "theirs_ms": 1000 * float(np.median(theirs)),
        "ratio": pair.ratio,
        "ratio_5_95": list(pair.ratio_interval),
        "ratio_of_totals": float(theirs.sum() / ours.sum()),
    }


def _peer_table(numbers: dict[str, Any]) -> Table:
    dropped = ", ".join(f"{name} {count}" for name, count in numbers["dropped"].items())
    table = _table(
        f"{numbers['pictures']} portraits, one thread each; dropped: {dropped}",
        ("compared", "maskmesh ms", "MaskTheFace ms", "times as fast", "5–95 %", "of totals"),
    )
    for name, row in numbers["compared"].items():
        low, high = row["ratio_5_95"]
        times = (f"{row['ours_ms']:.2f}", f"{row['theirs_ms']:.2f}", f"{row['ratio']:.1f}")
        table.add_row(name, *times, f"{low:.1f}–{high:.1f}", f"{row['ratio_of_totals']:.1f}")
    return table


def _rate_table(numbers: dict[str, Any]) -> Table:
    pictures = next(iter(numbers.values()))["pictures"]
    table = _table(
        f"maskmesh synthesize, {pictures} small faces",
        ("mode", "pictures/s", "with start and end", "start and end s", "share of in-process"),
    )
    for name, row in numbers.items():
        values = (f"{row['running_per_s']:.0f}", f"{row['whole_per_s']:.0f}")
        table.add_row(name, *values, f"{row['start_s']:.1f}", f"{row['share']:.2f}")
    return table


def _memory_table(numbers: list[dict[str, Any]]) -> Table:
    table = _table("memory of a run, in-process", ("process", "peak MB", "growth MB"))
    for row in numbers:
        table.add_row(row["process"], f"{row['peak_mb']:.0f}", f"{row['growth_mb']:+.1f}")
    return table


def _kill_table(numbers: dict[str, Any]) -> Table:
    table = _table(
        f"kill -9, then resume: {numbers['identical']} of {numbers['kills']} byte-identical "
        f"({numbers['files']} files)",
        ("killed after s", "files then", "files that differ"),
    )
    for row in numbers["each"]:
        different = ", ".join(row["different"][:3]) or "none"
        table.add_row(f"{row['after_s']:.2f}", str(row["files_then"]), different)
    return table


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=title)
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left")
    return table
