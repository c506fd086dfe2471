"""What `maskmesh bench framing` does: accuracy against shift and scale of the crop."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from maskmesh.bench.framing_choice import (
    PRESENT,
    Choice,
    Gain,
    Interval,
    Judged,
    accuracy_interval,
    choose,
    cross_fitted_gain,
    gain_of,
)
from maskmesh.bench.framing_faces import Face, Framing, fer_faces, portrait_faces
from maskmesh.bench.framing_plot import plot_framing
from maskmesh.bench.location.photos import REFERENCE_FOLDER
from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.data_home import default_data
from maskmesh.training.inference import BATCH, open_classifier

PORTRAITS = "portraits_350px"
# A framing is chosen on one half of the faces and judged on the other.
FEWEST_FACES = 2
SCALES = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
SHIFTS = (-0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.3)
GRID_SCALES = (1.0, 0.8, 0.9, 0.95, 1.05, 1.1, 1.2)
GRID_SHIFTS = (0.0, -0.1, -0.05, 0.05, 0.1)
SWEEPS: dict[str, tuple[Framing, ...]] = {
    "scale": tuple(Framing(scale=scale) for scale in SCALES),
    "dx": tuple(Framing(dx=shift) for shift in SHIFTS),
    "dy": tuple(Framing(dy=shift) for shift in SHIFTS),
}
# The present one first: it stays where nothing is better.
CANDIDATES = tuple(Framing(scale=scale, dy=dy) for scale in GRID_SCALES for dy in GRID_SHIFTS)
ALL = tuple(dict.fromkeys((*CANDIDATES, *(one for sweep in SWEEPS.values() for one in sweep))))


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of one set.

    Attributes:
        best: The framing that is best on it.
        gains: By set: what the framing chosen there gains here.
    """

    best: Choice
    gains: dict[str, Gain]


def run(
    *,
    model: Path | None,
    faces: Path | None,
    split: str,
    limit: int,
    portraits: Path | None,
    reference: Path | None,
    seed: int,
    threads: int,
    json_file: Path | None,
    plot: Path | None,
) -> None:
    """Measure and report.

    Args:
        model: ONNX file; None takes the one that ships.
        faces: Zip or folder of `<split>/<class>/*`, cut as FER2013 is; None takes FER2013.
        split: The split of `faces`.
        limit: Take a sample of so many of them.
        portraits: Zip or folder of `<class>/*` photos; None takes the project's.
        reference: The boxes of `portraits`; None takes those of the project's.
        seed: Chooses masks and samples.
        threads: Threads of the model.
        json_file: Write all numbers to it.
        plot: Draw accuracy into it.

    Raises:
        MaskmeshError: Model or data cannot be used, or mask synthesis is not installed.
    """
    if portraits is not None and reference is None:
        raise InvalidInputError(f"no boxes for {portraits}: pass --reference JSON")
    cv2.setNumThreads(1)
    classifier = open_classifier(model, threads)
    fer = faces or default_data()
    photos = portraits or default_data(f"{PORTRAITS}.zip")
    boxes = reference or REFERENCE_FOLDER / f"{PORTRAITS}.json"
    sets = [
        judge(f"{fer.stem} {split}", fer_faces(fer, split, limit, seed), classifier),
        judge(photos.stem, portrait_faces(photos, boxes, seed), classifier),
    ]
    console = Console(width=130, highlight=False)
    _show_sweeps(console, sets)
    summary = summarise(sets, seed)
    _show_choices(console, summary)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        model_name = {"name": classifier.model.name, "version": classifier.model.version}
        numbers: dict[str, Any] = {"model": model_name, "seed": seed}
        numbers["sets"] = {one.name: _numbers(one) | asdict(summary[one.name]) for one in sets}
        json_file.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    if plot is not None:
        plot_framing(sets, SWEEPS, plot)


def judge(
    name: str,
    faces: Sequence[Face],
    classifier: ExpressionClassifier,
    framings: Sequence[Framing] = ALL,
) -> Judged:
    """Classify faces in every framing, unmasked and masked; those without a mask are left out.

    Raises:
        InvalidInputError: There are too few faces.
    """
    usable = [face for face in faces if face.masked is not None]
    if len(usable) < FEWEST_FACES:
        raise InvalidInputError(
            f"{name} has {len(usable)} faces that a mask could be put on, at least {FEWEST_FACES} "
            "are needed: take more"
        )
    labels = np.array([face.label for face in usable])
    right = np.empty((2, len(framings), len(usable)), np.bool_)
    with Progress(transient=True) as progress:
        task = progress.add_task(name, total=right[..., 0].size)
        for row, framing in enumerate(framings):
            for masked in (False, True):
                crops = [face.crop(framing, masked) for face in usable]
                right[int(masked), row] = _labels(classifier, crops) == labels
                progress.advance(task)
    return Judged(name, tuple(framings), right, len(faces) - len(usable))


def _labels(
    classifier: ExpressionClassifier, crops: Sequence[NDArray[np.uint8]]
) -> NDArray[np.int64]:
    parts = [
        classifier.classify(crops[first : first + BATCH]).probabilities.argmax(axis=1)
        for first in range(0, len(crops), BATCH)
    ]
    return np.concatenate(parts)


def summarise(sets: Sequence[Judged], seed: int) -> dict[str, Summary]:
    """Choose a framing on each set, and judge every choice on every set."""
    chosen = {one.name: choose(one, CANDIDATES, seed) for one in sets}
    summary = {}
    for one in sets:
        gains = {
            name: cross_fitted_gain(one, CANDIDATES, seed)
            if name == one.name
            else gain_of(one, choice.framing, seed)
            for name, choice in chosen.items()
        }
        summary[one.name] = Summary(chosen[one.name], gains)
    return summary


def _numbers(judged: Judged) -> dict[str, Any]:
    cells = []
    for framing in judged.framings:
        rows = {kind: judged.row(framing, kind == "masked") for kind in ("unmasked", "masked")}
        numbers: dict[str, Any] = asdict(framing)
        for kind, right in rows.items():
            numbers[kind] = {"accuracy": right.mean(), "ci95": accuracy_interval(right)}
        cells.append(numbers)
    return {"faces": judged.right.shape[2], "left_out": judged.left_out, "framings": cells}


def _show_sweeps(console: Console, sets: Sequence[Judged]) -> None:
    for name, framings in SWEEPS.items():
        table = Table(box=box.MARKDOWN)
        table.add_column(name, justify="right")
        for one in sets:
            for kind in ("unmasked", "masked"):
                table.add_column(f"{one.name}, {kind}", justify="right")
        for framing in framings:
            cells = [_percent(one.row(framing, masked)) for one in sets for masked in (False, True)]
            table.add_row(f"{getattr(framing, name):g}", *cells)
        console.print(table)


def _show_choices(console: Console, summary: dict[str, Summary]) -> None:
    table = Table(box=box.MARKDOWN)
    for heading in ("faces", "best scale (95 %)", "best dy (95 %)"):
        table.add_column(heading)
    for name in summary:
        table.add_column(f"gained by the choice on {name}")
    for name, parts in summary.items():
        best = parts.best
        scale = f"{best.framing.scale:g} ({_span(best.scale)})"
        dy = f"{best.framing.dy:g} ({_span(best.dy)})"
        gained = [
            f"{gain.gain:+.1%} ({_span(gain.interval, '+.1%')})" for gain in parts.gains.values()
        ]
        table.add_row(name, scale, dy, *gained)
    console.print(table)
    console.print(
        f"present: scale {PRESENT.scale:g}, dy {PRESENT.dy:g}. Gains are over the present framing, "
        "on faces that had no say in the choice."
    )


def _percent(right: NDArray[np.bool_]) -> str:
    low, high = accuracy_interval(right)
    return f"{right.mean():.1%} ({low:.1%} to {high:.1%})"


def _span(interval: Interval, layout: str = "g") -> str:
    return " to ".join(format(value, layout) for value in interval)
