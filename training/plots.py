"""Pictures of a training run and of a confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maskmesh.training.labels import CLASSES
from maskmesh.training.saving import whole_file


def plot_history(history: Sequence[Mapping[str, float]], file: Path) -> None:
    """Draw loss and accuracy over the epochs; the file is replaced in one step.

    Args:
        history: One mapping an epoch, as `maskmesh.training.callbacks.RunState` collects them.
        file: PNG file to write.
    """
    epochs = [row["epoch"] for row in history]
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    _line(loss, epochs, history, "probabilities_loss", "training, distorted")
    _line(loss, epochs, history, "val_probabilities_loss", "validation, masked")
    loss.set(xlabel="epoch", ylabel="cross-entropy")
    _line(accuracy, epochs, history, "probabilities_accuracy", "training, distorted")
    _line(accuracy, epochs, history, "val_probabilities_accuracy", "validation, masked")
    _line(accuracy, epochs, history, "val_unmasked_accuracy", "validation, unmasked")
    accuracy.set(xlabel="epoch", ylabel="accuracy")
    for axes in (loss, accuracy):
        axes.grid(alpha=0.3)
        axes.legend()
    with whole_file(file) as partial:
        figure.savefig(partial, dpi=110, format="png")


def plot_confusion(confusion: NDArray[np.int64], title: str, file: Path) -> None:
    """Draw a confusion matrix [7, 7] (rows: true class) with row shares as colours."""
    totals = np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    shares = confusion / totals
    figure = Figure(figsize=(7.2, 6.4), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    axes.set_xticks(range(len(CLASSES)), CLASSES, rotation=35, ha="right")
    axes.set_yticks(range(len(CLASSES)), CLASSES)
    axes.set(xlabel="predicted", ylabel="true", title=title)
    for (row, column), share in np.ndenumerate(shares):
        text = f"{share:.0%}\n{confusion[row, column]:,}"
        colour = "white" if share > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class")
    with whole_file(file) as partial:
        figure.savefig(partial, dpi=110, format="png")


def _line(
    axes: Axes,
    epochs: list[float],
    history: Sequence[Mapping[str, float]],
    key: str,
    label: str,
) -> None:
    axes.plot(epochs, [row[key] for row in history], marker=".", label=label)
