from __future__ import annotations

from pathlib import Path

import numpy as np

from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training.plots import plot_confusion, plot_history


def test_history_is_drawn_from_the_first_epoch_on(tmp_path: Path) -> None:
    keys = ("probabilities_loss", "val_probabilities_loss", "probabilities_accuracy")
    rows = [
        {"epoch": k, **dict.fromkeys(keys, 1.0 / k), "val_probabilities_accuracy": 0.1 * k}
        | {"val_unmasked_accuracy": 0.15 * k}
        for k in (1, 2, 3)
    ]
    file = tmp_path / "history.png"
    plot_history(rows[:1], file)
    one = read_picture(file)
    plot_history(rows, file)
    three = read_picture(file)
    assert (one != three).any()
    assert [path.name for path in tmp_path.iterdir()] == ["history.png"]


def test_confusion_without_some_classes(tmp_path: Path) -> None:
    confusion = np.diag([5, 0, 1, 9, 0, 2, 3])
    plot_confusion(confusion, "title", tmp_path / "confusion.png")
    assert read_picture(tmp_path / "confusion.png").shape[1] > 600
