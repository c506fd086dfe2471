"""An artifact beside the seed paper's network: the same runtime, one thread, face after face."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from maskmesh.bench.graph_cost import GraphCost, graph_cost
from maskmesh.bench.pairs import PairedTimes, time_pairs
from maskmesh.services.classification.repository import find_model
from maskmesh.services.runtime.errors import NotFoundError
from maskmesh.services.runtime.inference import load_session
from maskmesh.training.recipe import Recipe, load_recipe

# Only the peer needs TensorFlow, whose imports are where it is made.
# ruff: noqa: PLC0415

OUTPUTS = ("probabilities", "mask")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two artifacts, timed in turn.

    Attributes:
        names: What they are.
        costs: What each weighs and works.
        times: Processor seconds of a call with one face, the mean over a burst of calls, burst by
            burst; the wall clock would tell of others' work on a busy machine.
        burst: Calls in a row.
    """

    names: tuple[str, str]
    costs: tuple[GraphCost, GraphCost]
    times: PairedTimes
    burst: int


def measure(model: Path | None, against: Path | None, pairs: int, burst: int) -> Comparison:
    """Time two artifacts in turn, with one thread and one face a call.

    Args:
        model: ONNX file; None takes the one that ships.
        against: ONNX file; None takes the seed paper's network at its full widths, exported as
            ours is. Its weights are random: they change its answers, not its speed.
        pairs: How many pairs of bursts.
        burst: Calls of one model in a row. With 1, each finds the processor's caches as the other
            has left them.

    Raises:
        NotFoundError: A file does not exist.
        SetupError: A file is no ONNX model.
    """
    with tempfile.TemporaryDirectory(prefix="maskmesh-") as folder:
        first = _existing(model) if model else find_model().path
        if against:
            second, peer = _existing(against), _name(against)
        else:
            second = export_untrained(load_recipe("paper"), Path(folder) / "paper.onnx")
            peer = "the paper's network, random weights"
        names = (_name(first), peer)
        with Progress(transient=True) as progress:
            task = progress.add_task("timing", total=pairs)
            times = time_pairs(
                _calls(first, burst),
                _calls(second, burst),
                pairs,
                warm_up=3,
                advance=lambda: progress.advance(task),
                clock=time.process_time,
            )
        return Comparison(
            names,
            (graph_cost(first), graph_cost(second)),
            PairedTimes(*(tuple(s / burst for s in side) for side in (times.first, times.second))),
            burst,
        )


def export_untrained(recipe: Recipe, file: Path) -> Path:
    """Write the network of a recipe with random weights, through the same steps as an artifact."""
    import keras

    from maskmesh.training.convert import save_checked, to_onnx
    from maskmesh.training.finishing import finished
    from maskmesh.training.labels import CLASSES
    from maskmesh.training.models import build_model
    from maskmesh.training.quantise import snap_kernels, store_on_grid

    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(recipe.seed)
    network = build_model(recipe)
    snap_kernels(network)
    graph = to_onnx(finished(network, mirrored=False, temperature=1.0))
    store_on_grid(graph)
    save_checked(graph, {"labels": json.dumps([*CLASSES]), "model_name": recipe.model}, file)
    return file


def numbers(comparison: Comparison) -> dict[str, Any]:
    """Return what was measured, for JSON: processor ms, and how many times as fast the first is."""
    times = comparison.times
    rows = [
        {
            "name": name,
            "bytes": cost.size,
            "weights": cost.weights,
            "macs": cost.macs,
            "p50_ms": 1000 * float(np.percentile(seconds, 50)),
            "p95_ms": 1000 * float(np.percentile(seconds, 95)),
        }
        for name, cost, seconds in zip(
            comparison.names, comparison.costs, (times.first, times.second), strict=True
        )
    ]
    return {
        "models": rows,
        "pairs": len(times.first),
        "burst": comparison.burst,
        "speed_ratio": times.ratio,
        "speed_ratio_5_95": list(times.ratio_interval),
    }


def report(comparison: Comparison, json_file: Path | None) -> None:
    """Print a table and write the numbers as JSON if asked."""
    told = numbers(comparison)
    low, high = told["speed_ratio_5_95"]
    table = Table(
        title="ONNX Runtime, one thread, one face a call, processor time",
        caption=f"the first is {told['speed_ratio']:.2f} times as fast as the second (median of "
        f"{told['pairs']} pairs of {told['burst']} calls; 5–95 %: {low:.2f}–{high:.2f})",
    )
    for heading in ("model", "p50 ms", "p95 ms", "bytes", "weights", "million MACs"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for row in told["models"]:
        table.add_row(
            row["name"],
            f"{row['p50_ms']:.3f}",
            f"{row['p95_ms']:.3f}",
            f"{row['bytes']:,}",
            f"{row['weights']:,}",
            f"{row['macs'] / 1e6:.1f}",
        )
    Console().print(table)
    if json_file:
        json_file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise NotFoundError(f"no model at {file}: name an ONNX file")
    return file


def _name(file: Path) -> str:
    """Return <model>/<version> of a file in a repository, its path elsewhere."""
    version = file.parent.name
    return f"{file.parent.parent.name}/{version}" if version.isdecimal() else str(file)


def _calls(file: Path, burst: int) -> Callable[[], None]:
    session = load_session(file, "name an ONNX model that `maskmesh export` made")
    side = session.get_inputs()[0].shape[1]
    faces = np.random.default_rng(0).integers(0, 256, (1, side, side, 1), dtype=np.uint8)

    def call() -> None:
        for _ in range(burst):
            session.run(OUTPUTS, {"faces": faces})

    return call
