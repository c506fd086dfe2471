"""Trains the verifier on faces, and on what the cascade takes for faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from maskmesh.services.face_location.verifier import MARGIN, PATCH_SIDE
from maskmesh.training.epochs import seed_dropouts
from maskmesh.training.location.faces import Face
from maskmesh.training.location.network import verifier_network
from maskmesh.training.location.samples import Jitter, sample_faces, vary

ROUGH = Jitter(share=1.0, shift=0.2, log_scale=0.25, roll=0.3, strength=1.0)
CLOSE = Jitter(share=1.0, shift=0.06, log_scale=0.08, roll=0.25, strength=1.0)
CORRECTION_WEIGHT = 150.0
HUBER_DELTA = 0.1
BATCH = 128


@dataclass(frozen=True, slots=True)
class VerifierPlan:
    """How the verifier is trained.

    Attributes:
        epochs: How many.
        faces: Windows on faces an epoch.
        others: Windows on none.
        learning_rate: At the start; falls to zero along half a cosine.
        seed: Of everything that is drawn.
    """

    epochs: int = 26
    faces: int = 24_000
    others: int = 48_000
    learning_rate: float = 1.5e-3
    seed: int = 1


def train_verifier(
    groups: Sequence[tuple[Sequence[Face], float]],
    others: NDArray[np.uint8],
    plan: VerifierPlan,
    run: Path,
    console: Console,
) -> keras.Model:
    """Train the network; a run that was stopped goes on after its last whole epoch.

    Args:
        groups: Faces and the share of the samples that each group gives.
        others: uint8 N×32×32, windows without a face.
        plan: Sizes and rates.
        run: Folder of the run.
        console: For progress.
    """
    run.mkdir(parents=True, exist_ok=True)
    done = sorted(run.glob("epoch_*.keras"))
    model = keras.saving.load_model(done[-1]) if done else _compiled(plan)
    for epoch in range(int(done[-1].stem[-3:]) if done else 0, plan.epochs):
        seed = plan.seed + 1000 * epoch
        seed_dropouts(model, plan.seed, epoch)
        patches, targets, weights = _epoch(model, groups, others, plan, seed)
        progress = epoch / plan.epochs
        model.optimizer.learning_rate = plan.learning_rate * (1 + np.cos(np.pi * progress)) / 2
        history = model.fit(
            patches, targets, batch_size=BATCH, sample_weight=weights, shuffle=False, verbose=0
        ).history
        losses = ", ".join(f"{name} {values[0]:.4f}" for name, values in history.items())
        console.print(f"epoch {epoch + 1} of {plan.epochs}: {losses}")
        partial = run / "partial.keras"
        model.save(partial)
        partial.replace(run / f"epoch_{epoch + 1:03d}.keras")
    return model


@keras.saving.register_keras_serializable(package="maskmesh")
def framing_loss(truth: keras.KerasTensor, answer: keras.KerasTensor) -> keras.KerasTensor:
    """Return Huber's loss of corrections, N×3, as N values.

    A function of our own, since Keras 3 forgets the delta of its class when it saves a model.
    """
    return keras.losses.huber(truth, answer, delta=HUBER_DELTA)


def _compiled(plan: VerifierPlan) -> keras.Model:
    model = verifier_network(plan.seed)
    model.compile(
        optimizer=keras.optimizers.AdamW(plan.learning_rate, weight_decay=1e-3),
        loss={"score": "binary_crossentropy", "correction": framing_loss},
        loss_weights={"score": 1.0, "correction": CORRECTION_WEIGHT},
        weighted_metrics={"score": "accuracy"},
    )
    return model


Weighted = dict[str, NDArray[np.float32]]


def _epoch(
    model: keras.Model,
    groups: Sequence[tuple[Sequence[Face], float]],
    others: NDArray[np.uint8],
    plan: VerifierPlan,
    seed: int,
) -> tuple[NDArray[np.uint8], Weighted, Weighted]:
    random = np.random.default_rng(seed)
    half = plan.faces // 2
    samples = [
        sample_faces(groups, half, (PATCH_SIDE, MARGIN), jitter, seed + number)
        for number, jitter in enumerate((ROUGH, CLOSE))
    ]
    chosen = others[_choice(model, others, plan.others, random)]
    mirrored = random.random(len(chosen)) < 0.5
    chosen[mirrored] = chosen[mirrored, :, ::-1]
    varied = np.stack([vary(patch, ROUGH.strength, random) for patch in chosen])
    patches = np.concatenate([*(sample.patches for sample in samples), varied])
    corrections = np.zeros((len(patches), 3), np.float32)
    corrections[: 2 * half] = np.concatenate([sample.targets for sample in samples])
    # One-sided targets would teach to enlarge every box.
    framed = np.zeros(len(patches), np.float32)
    framed[: 2 * half] = np.concatenate([sample.whole for sample in samples])
    is_face = (np.arange(len(patches)) < 2 * half).astype(np.float32)
    order = random.permutation(len(patches))
    targets = {"score": is_face[order, None], "correction": corrections[order]}
    weights = {"score": np.ones(len(patches), np.float32), "correction": framed[order]}
    return patches[order], targets, weights


def _choice(
    model: keras.Model, others: NDArray[np.uint8], count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Prefer what the model still takes for faces."""
    scores = model.predict(others, batch_size=1024, verbose=0)["score"][:, 0]
    worth = scores.astype(np.float64) + 0.03
    return random.choice(len(others), count, p=worth / worth.sum())
