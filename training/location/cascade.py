"""Trains the project's cascade: stage after stage, each on what the ones before let pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from maskmesh.services.face_location.proposals import WINDOW, WINDOW_SHARE, load_cascade
from maskmesh.training.location.boosting import StageGoal, boost_stage
from maskmesh.training.location.cascade_file import Stage, write_cascade
from maskmesh.training.location.faces import Face
from maskmesh.training.location.haar import (
    enumerate_features,
    feature_values,
)
from maskmesh.training.location.negatives import Mining, backgrounds, mine
from maskmesh.training.location.photos import Photo
from maskmesh.training.location.samples import Jitter, sample_faces
from maskmesh.training.location.stages import load_stages, save_stage

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
    stages = load_stages(run)[: len(plan.goals)]
    for number in range(len(stages), len(plan.goals)):
        if stages:
            write_cascade(path, WINDOW, stages, REMARKS)
        stage, told = _train_stage(groups, photos, plan, stages, path)
        save_stage(stage, run, number)
        stages.append(stage)
        console.print(f"stage {number + 1} of {len(plan.goals)}: {told}")
    write_cascade(path, WINDOW, stages, REMARKS)
    return path


def _train_stage(
    groups: Sequence[tuple[Sequence[Face], float]],
    photos: Sequence[Photo],
    plan: CascadePlan,
    before: Sequence[Stage],
    path: Path,
) -> tuple[Stage, str]:
    number = len(before)
    seed = plan.seed + 1000 * number
    faces = sample_faces(groups, plan.faces, (WINDOW, 1.0), JITTER, seed).patches
    faces = faces[passes(faces, before)]
    cascade = load_cascade(path) if before else None
    wanted = Mining(WINDOW, WINDOW_SHARE, plan.others, plan.most_pictures, seed)
    others, windows = mine(backgrounds(photos, seed), cascade, wanted)
    enumerated = enumerate_features(WINDOW)
    chosen = np.random.default_rng(seed).choice(len(enumerated), plan.features, replace=False)
    stage, passing = boost_stage(
        faces,
        others,
        [enumerated[index] for index in chosen],
        plan.goals[number],
        seed=seed,
        threads=plan.threads,
    )
    return stage, (
        f"{len(stage.trees)} trees, {len(faces)} faces, {len(others)} others "
        f"({windows:.0f} a picture), {passing:.1%} of them pass"
    )


def passes(patches: NDArray[np.uint8], stages: Sequence[Stage]) -> NDArray[np.bool_]:
    """Return which windows (uint8 N×W×W) pass all stages, as bool N."""
    passing = np.ones(len(patches), bool)
    for stage in stages:
        values = feature_values(patches, stage.features)
        sums = sum((tree.decide(values) for tree in stage.trees), np.zeros(len(patches)))
        passing &= sums >= stage.threshold
    return passing
