"""Pictures of a report: calibration, accuracy by condition, and accuracy over corruption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from maskmesh.training.saving import whole_file

# Okabe and Ito's colours, which colour-blind people tell apart.
COLOURS = {"unmasked": "#0072B2", "masked": "#D55E00"}
HELD_OUT = "#009E73"
_MARKERS = {"unmasked": "o", "masked": "s"}
_COLUMNS = 4
Numbers = Mapping[str, Any]


def plot_reliability(heads: Mapping[str, Numbers], file: Path) -> None:
    """Draw accuracy over confidence, and how many faces are in each bin, for each set.

    Args:
        heads: By kind, what `headline` returns.
        file: PNG file to write.
    """
    figure = Figure(figsize=(5.2 * len(heads), 5.6), layout="constrained")
    grid = figure.subplots(
        2, len(heads), sharex=True, sharey="row", squeeze=False, height_ratios=(3, 1)
    )
    for column, (kind, head) in enumerate(heads.items()):
        upper, lower = grid[:, column]
        _draw_reliability(upper, lower, head["reliability"], COLOURS[kind])
        low, high = head["ece_ci95"]
        upper.set_title(f"{kind}: ECE {head['ece']:.3f} (95 %: {low:.3f} to {high:.3f})")
    grid[0, 0].set_ylabel("accuracy")
    grid[1, 0].set_ylabel("faces")
    grid[0, 0].legend(loc="upper left", frameon=False)
    _save(figure, file)


def _draw_reliability(upper: Axes, lower: Axes, bins: Numbers, colour: str) -> None:
    faces = np.asarray(bins["faces"])
    edges = np.linspace(0.0, 1.0, len(faces) + 1)
    filled = faces > 0
    middles, width = edges[:-1] + edges[1] / 2, edges[1]
    confidence, accuracy = (
        np.array(bins[key], float)[filled] for key in ("confidence", "accuracy")
    )
    upper.plot([0, 1], [0, 1], color="gray", linestyle="--", label="as sure as right")
    upper.bar(middles[filled], accuracy, 0.92 * width, color=colour, alpha=0.75, label="accuracy")
    upper.vlines(confidence, accuracy, confidence, color="black", linewidth=1.5, label="gap")
    upper.plot(confidence, confidence, "_", color="black", markersize=9)
    upper.set(xlim=(0, 1), ylim=(0, 1))
    lower.bar(middles, faces, 0.92 * width, color=colour, alpha=0.75)
    lower.set_xlabel("confidence: the highest probability")
    for axes in (upper, lower):
        axes.grid(alpha=0.3)


def plot_conditions(rows: Mapping[str, Numbers], unmasked: Numbers, title: str, file: Path) -> None:
    """Draw the accuracy of each condition with its interval, beside that of bare faces.

    Args:
        rows: By condition, "accuracy", "accuracy_ci95" and, where it is known, "held_out".
        unmasked: The same of unmasked faces.
        title: Of the picture.
        file: PNG file to write.
    """
    figure = Figure(figsize=(7.6, 1.4 + 0.42 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows.values()):
        held_out = row.get("held_out")
        low, high = row["accuracy_ci95"]
        axes.barh(place, row["accuracy"], color=HELD_OUT if held_out else COLOURS["masked"])
        axes.hlines(place, low, high, color="black")
        axes.text(high + 0.01, place, f"{row['accuracy']:.1%}", va="center", fontsize=9)
    axes.axvspan(*unmasked["accuracy_ci95"], color=COLOURS["unmasked"], alpha=0.18, linewidth=0)
    axes.axvline(unmasked["accuracy"], color=COLOURS["unmasked"], label="unmasked")
    names = [f"{name} (held out)" if row.get("held_out") else name for name, row in rows.items()]
    axes.set_yticks(range(len(rows)), names)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="accuracy, with 95 % interval", title=title)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower right")
    _save(figure, file)


def plot_corruptions(
    corruptions: Mapping[str, Numbers], heads: Mapping[str, Numbers], file: Path
) -> None:
    """Draw accuracy over the strength of each corruption; strength 0 is the picture as it was.

    Args:
        corruptions: By name, "unit", "levels" and by kind the numbers at each level.
        heads: By kind, the numbers of the pictures as they were.
        file: PNG file to write.
    """
    rows = -(-len(corruptions) // _COLUMNS)
    figure = Figure(figsize=(3.4 * _COLUMNS, 3.1 * rows), layout="constrained")
    grid = figure.subplots(rows, _COLUMNS, sharey=True, squeeze=False).ravel()
    for axes, (name, found) in zip(grid, corruptions.items(), strict=False):
        for kind, head in heads.items():
            _draw_over_strength(axes, [head, *found[kind]], kind)
        ticks = ["none", *(f"{level:g}" for level in found["levels"])]
        axes.set_xticks(range(len(ticks)), ticks)
        axes.set_title(name)
        axes.set_xlabel(found["unit"], fontsize=8)
        axes.grid(alpha=0.3)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    for axes in grid[len(corruptions) :]:
        axes.set_visible(False)
    for axes in grid[::_COLUMNS]:
        axes.set_ylabel("accuracy, 95 % band")
    grid[0].set_ylim(bottom=0.0)
    grid[0].legend(loc="lower left", frameon=False)
    _save(figure, file)


def _draw_over_strength(axes: Axes, rows: Sequence[Numbers], kind: str) -> None:
    places = range(len(rows))
    low, high = zip(*(row["accuracy_ci95"] for row in rows), strict=True)
    axes.fill_between(places, low, high, color=COLOURS[kind], alpha=0.18, linewidth=0)
    axes.plot(
        places,
        [row["accuracy"] for row in rows],
        color=COLOURS[kind],
        marker=_MARKERS[kind],
        label=kind,
    )


def _save(figure: Figure, file: Path) -> None:
    with whole_file(file) as partial:
        figure.savefig(partial, dpi=110, format="png")
