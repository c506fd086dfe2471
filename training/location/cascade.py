"""Trains the project's cascade: stage after stage, each on what the ones before let pass."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from maskmesh.services.face_location.proposals import WINDOW, WINDOW_SHARE
from maskmesh.training.location.boosting import StageGoal, boost_stage
from maskmesh.training.location.cascade_file import Node, Stage, Tree, write_cascade
from maskmesh.training.location.faces import Face
from maskmesh.training.location.haar import (
    HaarFeature,
    Rectangle,
    enumerate_features,
    feature_values,
)
from maskmesh.training.location.negatives import Mining, backgrounds, mine
from maskmesh.training.location.photos import Photo
from maskmesh.training.location.samples import Jitter, sample_faces

JITTER = Jitter(share=WINDOW_SHARE, shift=0.04, log_scale=0.08, roll=0.15, strength=0.4)
# A face passes in many windows: one that is lost now and then does not lose the face.
GOALS = (
    StageGoal(0.985, 0.45, 4),
    StageGoal(0.985, 0.45, 8),
    StageGoal(0.985, 0.4, 14),
    StageGoal(0.985, 0.4, 20),
    StageGoal(0.985, 0.4, 26),
    StageGoal(0.985, 0.4, 32),
    StageGoal(0.987, 0.4, 40),
    StageGoal(0.987, 0.4, 50),
    StageGoal(0.99, 0.4, 60),
)
REMARKS = (
    "maskmesh: faces, masked or not, frontal to three-quarter, framed as FER2013 frames; the "
    f"window shows {WINDOW_SHARE} of a face's side. MIT licence. Made by maskmesh train location."
)


@dataclass(frozen=True, slots=True)
class CascadePlan:
    """How a cascade is trained.

    Attributes:
        goals: Of its stages, in order.
        faces: Windows on faces of every stage.
        others: Windows on none.
        features: How many features a stage chooses from.
        most_pictures: Pictures that are searched at most for a stage's windows.
        seed: Of everything that is drawn.
        threads: To use.
    """

    goals: tuple[StageGoal, ...] = GOALS
    faces: int = 14_000
    others: int = 14_000
    features: int = 6_000
    most_pictures: int = 4_000
    seed: int = 1
    threads: int = 2


def train_cascade(
    groups: Sequence[tuple[Sequence[Face], float]],
    photos: Sequence[Photo],
    plan: CascadePlan,
    run: Path,
    console: Console,
) -> Path:
    """Train a cascade; stages that the run folder holds already are not trained again.

    Args:
        groups: Faces and the share of the samples that each group gives.
        photos: Where windows without a face come from.
        plan: Sizes and goals.
        run: Folder of the run.
        console: For progress.

    Returns:
        The cascade file.
    """
    run.mkdir(parents=True, exist_ok=True)
    path = run / "cascade.xml"
    enumerated = enumerate_features(WINDOW)
    stages: list[Stage] = []
    for number, goal in enumerate(plan.goals):
        kept = run / f"stage_{number:02d}.json"
        if not kept.exists():
            seed = plan.seed + 1000 * number
            faces = sample_faces(groups, plan.faces, WINDOW, 1.0, JITTER, seed).patches
            faces = faces[passes(faces, stages)]
            cascade = cv2.CascadeClassifier(str(path)) if stages else None
            wanted = Mining(WINDOW, WINDOW_SHARE, plan.others, plan.most_pictures, seed)
            others, windows = mine(backgrounds(photos, seed), cascade, wanted)
            chosen = np.random.default_rng(seed).choice(len(enumerated), plan.features, False)
            features = [enumerated[index] for index in chosen]
            stage, passing = boost_stage(faces, others, features, goal, seed, plan.threads)
            kept.write_text(json.dumps(asdict(stage)), encoding="utf-8")
            console.print(
                f"stage {number}: {len(stage.trees)} trees, {len(faces)} faces, {len(others)} windows "
                f"({windows:.1f} a picture), {passing:.1%} of them pass"
            )
        stages.append(_stage(json.loads(kept.read_text(encoding="utf-8"))))
        write_cascade(path, WINDOW, stages, REMARKS)
    return path


def passes(patches: NDArray[np.uint8], stages: Sequence[Stage]) -> NDArray[np.bool_]:
    """Return which windows (uint8 N×W×W) pass all stages, as bool N."""
    passing = np.ones(len(patches), bool)
    for stage in stages:
        values = feature_values(patches, list(stage.features))
        sums = sum((tree.decide(values) for tree in stage.trees), np.zeros(len(patches)))
        passing &= sums >= stage.threshold
    return passing


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
