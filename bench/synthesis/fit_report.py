"""What `maskmesh bench fit` measured, as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from maskmesh.bench.synthesis.coverage import Coverage
from maskmesh.bench.synthesis.fit import DataFit, Fit
from maskmesh.bench.synthesis.ground_truth import XML
from maskmesh.bench.synthesis.pivot_errors import FaceError, MiddleLine
from maskmesh.services.mask_synthesis.confidence import BAD_FIT
from maskmesh.services.mask_synthesis.positions import POSITIONS

WARNING = (
    "Landmarks in dlib's example XML files come from dlib's own predictor, and photos with .pts "
    "files may be among those that it was trained on: these errors are on the low side."
)
# Disagreement, in shares of the interocular distance, of landmarks that are surely right or wrong.
RIGHT, WRONG = 0.07, 0.16
TURNED = 0.3


def report(fit: Fit, json_file: Path | None) -> None:
    """Print a table for each part that was measured and write the numbers as JSON if asked."""
    numbers, console = fit_numbers(fit), Console()
    if fit.errors:
        console.print(
            _table(
                "against marked landmarks, shares of the interocular distance", numbers["marked"]
            )
        )
        console.print(_table("marked landmarks that masks cover", numbers["marked_coverage"]))
        console.print(WARNING)
    for name, told in numbers["data"].items():
        for part, rows in told.items():
            if rows:
                console.print(_table(f"{name}: {part.replace('_', ' ')}", rows))
    if json_file:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


def fit_numbers(fit: Fit) -> dict[str, Any]:
    """All numbers, by part, row and column."""
    return {
        "marked": error_numbers(fit.errors),
        "marked_coverage": coverage_numbers(fit.marked),
        "data": {data.name: _data_numbers(data) for data in fit.data},
    }


def error_numbers(errors: Sequence[FaceError]) -> dict[str, dict[str, Any]]:
    """Mean and median errors of landmarks and corners, by who marked the faces."""
    rows: dict[str, dict[str, Any]] = {}
    for kind in sorted({one.kind for one in errors}):
        some = [one for one in errors if one.kind == kind]
        row: dict[str, Any] = {"faces": len(some), "located": sum(one.located for one in some)}
        row |= _spread("landmarks", [one.landmarks for one in some])
        for position in POSITIONS:
            corners = [one.corners[position] for one in some if position in one.corners]
            row |= _spread(f"corners {position}", corners)
        rows["dlib's own" if kind == XML else kind] = row
    return rows


def coverage_numbers(styles: Mapping[str, Coverage]) -> dict[str, dict[str, Any]]:
    """Shares of covered landmarks by style."""
    return {
        style: {
            "faces": told.faces,
            "nose and mouth covered": told.nose_and_mouth,
            "eyes touched": told.eyes,
        }
        for style, told in styles.items()
    }


def line_numbers(lines: Sequence[MiddleLine]) -> dict[str, dict[str, Any]]:
    """Distance of the middle line with four and six pivots, and the shear at the seam."""
    rows = {}
    for name, some in (
        ("all faces", lines),
        ("turned faces", [one for one in lines if abs(one.yaw) > TURNED]),
    ):
        if some:
            seams = [one.seam for one in some]
            rows[name] = {
                "faces": len(some),
                "four pivots": float(np.mean([one.four for one in some])),
                "six pivots": float(np.mean([one.six for one in some])),
                "seam of six": float(np.mean(seams)),
                "seam, 95th percentile": float(np.percentile(seams, 95)),
            }
    return rows


def _data_numbers(data: DataFit) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        "coverage": coverage_numbers(data.styles),
        "coverage_without_bad_fits": coverage_numbers(data.well_fitting),
        "middle_line": line_numbers(data.lines),
        "fit_score": _score_numbers(data),
    }


def _score_numbers(data: DataFit) -> dict[str, dict[str, Any]]:
    """Share of faces that the score calls a bad fit, by how much the predictor disagrees."""
    groups = {
        f"disagreement under {RIGHT}": (0.0, RIGHT),
        "between": (RIGHT, WRONG),
        f"over {WRONG}": (WRONG, np.inf),
        "all": (0.0, np.inf),
    }
    rows = {}
    for name, (low, high) in groups.items():
        some = [one.score for one in data.scored if low <= one.disagreement < high]
        if some:
            bad = float(np.mean(np.array(some) < BAD_FIT))
            rows[name] = {"faces": len(some), "called bad": bad, "mean score": float(np.mean(some))}
    return rows


def _spread(name: str, values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {f"{name} mean": float(np.mean(values)), f"{name} median": float(np.median(values))}


def _table(title: str, rows: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    for column in columns:
        table.add_column(column, justify="right")
    for name, row in rows.items():
        table.add_row(name, *(_told(row.get(column)) for column in columns))
    return table


def _told(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.4f}"
