"""The folder that `maskmesh evaluate --report` writes: text, numbers and pictures of one model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.evaluation.charts import (
    plot_conditions,
    plot_corruptions,
    plot_reliability,
)
from maskmesh.training.evaluation.markdown import report_text
from maskmesh.training.evaluation.measure import KINDS
from maskmesh.training.plots import plot_confusion
from maskmesh.training.saving import whole_folder

FILES = (
    "report.md",
    "report.json",
    *(f"confusion_{kind}.png" for kind in KINDS),
    "reliability.png",
    "styles.png",
    "positions.png",
    "corruptions.png",
)


def check_place(folder: Path) -> None:
    """Refuse a place where a report would take away something else.

    Raises:
        InvalidInputError: The folder above is missing, or there are other files in this one.
    """
    if not folder.resolve().parent.is_dir():
        raise InvalidInputError(f"no folder {folder.parent} for {folder.name}: make it first")
    if not folder.exists():
        return
    others = (
        sorted({path.name for path in folder.iterdir()} - {*FILES})
        if folder.is_dir()
        else [folder.name]
    )
    if others:
        raise InvalidInputError(
            f"{folder} holds other things than a report ({', '.join(others[:3])}), which would be "
            "lost: name a new folder"
        )


def write_report(numbers: Mapping[str, Any], folder: Path) -> None:
    """Write a report; the folder is there whole, or as it was.

    Args:
        numbers: What `maskmesh.training.evaluation.measure.measure` returns, and "about".
        folder: Takes the place of an earlier report.

    Raises:
        InvalidInputError: See `check_place`.
    """
    check_place(folder)
    about = numbers["about"]
    heads = {kind: numbers[kind] for kind in KINDS}
    with whole_folder(folder.resolve(), replace=True) as place:
        (place / "report.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
        (place / "report.md").write_text(report_text(numbers), encoding="utf-8")
        for kind, head in heads.items():
            title = f"{about['split']}, {kind}, accuracy {head['accuracy']:.1%}"
            confusion = np.asarray(head["confusion"])
            plot_confusion(confusion, title, place / f"confusion_{kind}.png")
        plot_reliability(heads, place / "reliability.png")
        for group in ("styles", "positions"):
            title = f"accuracy by {group[:-1]} of mask"
            plot_conditions(numbers[group], heads["unmasked"], title, place / f"{group}.png")
        plot_corruptions(numbers["corruptions"], heads, place / "corruptions.png")
