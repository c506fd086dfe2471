"""Precision over recall as a picture: masked faces left, unmasked right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from maskmesh.bench.location.comparison import DetectorResult
from maskmesh.bench.location.evaluation import GroupMetrics

# Okabe and Ito's colours, which colour-blind people tell apart; our own detector is black.
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#8C8C8C")
_STYLES = ("-", "--")


def plot_curves(results: Sequence[DetectorResult], file: Path) -> None:
    """Draw the curve of each detector; the file is replaced in one step.

    Args:
        results: Of the detectors, in the order of the legend.
        file: PNG file to write; its folder is made.
    """
    figure = Figure(figsize=(12.0, 5.6), layout="constrained")
    masked, unmasked = figure.subplots(1, 2, sharey=True)
    for index, result in enumerate(results):
        for axes, group in ((masked, result.metrics.masked), (unmasked, result.metrics.unmasked)):
            _draw(axes, result, group, index)
    for axes, kind in ((masked, "masked"), (unmasked, "unmasked")):
        axes.set(xlim=(0, 1.01), ylim=(0, 1.03), xlabel="recall (IoU ≥ 0.4)")
        faces = max(getattr(result.metrics, kind).faces for result in results)
        axes.set_title(f"{kind}: {faces:,} faces, frontal to three-quarter, ≥ 40 px", fontsize=11)
        axes.grid(alpha=0.3)
    masked.set_ylabel("precision")
    handles, labels = masked.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside right center",
        title="average precision:\nmasked / unmasked\n\n● usual threshold",
        alignment="left",
        frameon=False,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.png")
    figure.savefig(partial, dpi=120)
    partial.replace(file)


def _draw(axes: Axes, result: DetectorResult, group: GroupMetrics, index: int) -> None:
    curve = group.curve
    is_own = not result.detector.is_foreign
    colour = "black" if is_own else _COLOURS[index % len(_COLOURS)]
    both = result.metrics.masked.average_precision, result.metrics.unmasked.average_precision
    axes.plot(
        curve.recall,
        curve.precision,
        color=colour,
        linestyle="-" if is_own else _STYLES[index // len(_COLOURS) % len(_STYLES)],
        linewidth=2.6 if is_own else 1.5,
        zorder=3 if is_own else 2,
        label=f"{result.detector.title}\n{both[0]:.2f} / {both[1]:.2f}",
    )
    kept = np.flatnonzero(curve.thresholds >= result.detector.threshold)
    if len(kept):
        point = curve.recall[kept[-1]], curve.precision[kept[-1]]
        axes.plot(*point, "o", color=colour, markersize=8 if is_own else 5, zorder=4)
