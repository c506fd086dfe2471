"""The ladder as a table of Markdown, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from maskmesh.bench.ladder.climb import Step
from maskmesh.training.saving import whole_file

HEADING = (
    "rung",
    "lever",
    "on",
    "masked",
    "unmasked",
    "masked macro F1",
    "masked disgust",
    "gain in points (95 %)",
    "kept",
)


def as_markdown(steps: Sequence[Step]) -> str:
    """Return a row for each rung."""
    lines = [_line(HEADING), _line(["---"] * len(HEADING))]
    lines += [_line(_cells(step)) for step in steps]
    return "\n".join(lines) + "\n"


def save_numbers(steps: Sequence[Step], file: Path) -> None:
    """Write all that was measured as JSON."""
    rows = [
        {
            "rung": step.rung.name,
            "lever": step.rung.lever,
            "on": step.under,
            "masked": step.masked,
            "unmasked": step.unmasked,
            "gain": step.gain,
            "gain_ci95": list(step.gain_interval),
            "kept": step.rung.kept,
        }
        for step in steps
    ]
    with whole_file(file) as staged:
        staged.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(step: Step) -> list[str]:
    low, high = (100 * side for side in step.gain_interval)
    gain = f"{100 * step.gain:+.1f} ({low:+.1f} to {high:+.1f})" if step.under else "–"
    return [
        step.rung.name,
        step.rung.lever,
        step.under or "–",
        f"{step.masked['accuracy']:.1%}",
        f"{step.unmasked['accuracy']:.1%}",
        f"{step.masked['macro_f1']:.3f}",
        f"{step.masked['disgust_recall']:.0%}",
        gain,
        "yes" if step.rung.kept else "no",
    ]
