"""Keeps the stages of a cascade that are trained already."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maskmesh.training.location.cascade_file import Node, Stage, Tree
from maskmesh.training.location.haar import HaarFeature, Rectangle


def save_stage(stage: Stage, run: Path, number: int) -> None:
    """Write a stage into the run's folder, whole or not at all."""
    partial = run / "stage.partial"
    partial.write_text(json.dumps(asdict(stage)), encoding="utf-8")
    partial.replace(run / f"stage_{number:02d}.json")


def load_stages(run: Path) -> list[Stage]:
    """Return the stages of a run's folder, in their order."""
    return [
        _stage(json.loads(file.read_text(encoding="utf-8")))
        for file in sorted(run.glob("stage_[0-9][0-9].json"))
    ]


def _stage(plain: dict[str, Any]) -> Stage:
    features = tuple(
        HaarFeature(tuple(Rectangle(*rectangle) for rectangle in feature["rectangles"]))
        for feature in plain["features"]
    )
    trees = tuple(
        Tree(tuple(Node(*node) for node in tree["nodes"]), tuple(tree["leaves"]))
        for tree in plain["trees"]
    )
    return Stage(features, trees, plain["threshold"])
