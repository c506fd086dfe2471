"""Accuracy over scale and shift as a picture: a row for each set of faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from maskmesh.bench.framing_choice import PRESENT, Judged, accuracy_interval
from maskmesh.bench.framing_faces import Framing

# Okabe and Ito's colours, which colour-blind people tell apart.
_COLOURS = {"unmasked": "#0072B2", "masked": "#D55E00"}
_MARKERS = {"unmasked": "o", "masked": "s"}
SWEPT = {
    "scale": "scale: side of the crop ÷ side of the box",
    "dx": "dx: shift to the right ÷ side",
    "dy": "dy: shift down ÷ side",
}


def plot_framing(
    sets: Sequence[Judged], sweeps: dict[str, tuple[Framing, ...]], file: Path
) -> None:
    """Draw accuracy with its 95 % band; the file is replaced in one step.

    Args:
        sets: What was judged.
        sweeps: For each of "scale", "dx" and "dy", the framings that differ in it alone.
        file: PNG file to write; its folder is made.
    """
    figure = Figure(figsize=(13.0, 3.7 * len(sets)), layout="constrained")
    grid = figure.subplots(len(sets), len(SWEPT), sharex="col", sharey="row", squeeze=False)
    for row, judged in zip(grid, sets, strict=True):
        for axes, name in zip(row, SWEPT, strict=True):
            _draw(axes, judged, name, sweeps[name])
        row[0].set_ylabel("accuracy, with 95 % band")
        faces = judged.right.shape[2]
        row[1].set_title(f"{judged.name}: {faces:,} faces", fontsize=12)
    for axes, words in zip(grid[-1], SWEPT.values(), strict=True):
        axes.set_xlabel(words)
    grid[0, 0].legend(loc="lower left", frameon=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.png")
    figure.savefig(partial, dpi=110)
    partial.replace(file)


def _draw(axes: Axes, judged: Judged, name: str, framings: Sequence[Framing]) -> None:
    ordered = sorted(framings, key=lambda framing: float(getattr(framing, name)))
    places = [getattr(framing, name) for framing in ordered]
    for kind, colour in _COLOURS.items():
        rows = [judged.row(framing, kind == "masked") for framing in ordered]
        low, high = zip(*(accuracy_interval(row) for row in rows), strict=True)
        axes.fill_between(places, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            places,
            [row.mean() for row in rows],
            color=colour,
            marker=_MARKERS[kind],
            markersize=4,
            label=kind,
        )
    present = getattr(PRESENT, name)
    axes.axvline(present, color="black", linestyle=":", linewidth=1.2, label="the present framing")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(alpha=0.3)
