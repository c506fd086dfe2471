"""Samples of faces, moved, scaled, turned, mirrored, and lit as they may come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.training.location.faces import Face
from maskmesh.training.retexture import retexture

RETEXTURED = 0.7


@dataclass(frozen=True, slots=True)
class Jitter:
    """How far a sample's window is off the face.

    Attributes:
        share: Side of the window ÷ side of the face, where nothing is off.
        shift: Largest shift across and down, in sides of the window.
        log_scale: Largest natural logarithm of the change of scale.
        roll: Largest turn in radians.
        strength: How much sharpness, light and noise are changed, 0 to 1.
    """

    share: float
    shift: float
    log_scale: float
    roll: float
    strength: float


@dataclass(frozen=True, slots=True)
class FaceSamples:
    """Windows on faces.

    Attributes:
        patches: uint8 N×S×S.
        targets: float32 N×3: where the face is: its middle less the window's, across and down in
            sides of the window, and the natural logarithm of face side ÷ window side.
        whole: bool N, whether the picture reaches beyond the face. Where it does not, windows are
            smaller than the face, and their targets are one-sided.
    """

    patches: NDArray[np.uint8]
    targets: NDArray[np.float32]
    whole: NDArray[np.bool_]


def sample_faces(
    groups: Sequence[tuple[Sequence[Face], float]],
    count: int,
    patch: tuple[int, float],
    jitter: Jitter,
    seed: int,
) -> FaceSamples:
    """Draw windows on faces.

    Args:
        groups: Faces, and the share of the samples that come from each group.
        count: How many windows.
        patch: Side of a patch in pixels, and side of what it shows ÷ side of the window.
        jitter: How far windows are off.
        seed: Of the drawing.
    """
    size, margin = patch
    random = np.random.default_rng(seed)
    shares = np.array([share for _, share in groups])
    chosen_groups = random.choice(len(groups), count, p=shares / shares.sum())
    patches = np.empty((count, size, size), np.uint8)
    targets = np.empty((count, 3), np.float32)
    whole = np.empty(count, bool)
    for index, group in enumerate(chosen_groups):
        faces = groups[group][0]
        face = faces[random.integers(len(faces))]
        whole[index] = face.whole
        window, targets[index] = _window(face, margin, jitter, random)
        roll = np.array([random.uniform(-jitter.roll, jitter.roll)])
        shown = face.picture.patches(window[None], size, roll)[0]
        if face.bare is not None and random.random() < RETEXTURED:
            shown = retexture(shown, face.bare.patches(window[None], size, roll)[0], random)
        if random.random() < 0.5:
            shown, targets[index, 0] = shown[:, ::-1], -targets[index, 0]
        patches[index] = vary(shown, jitter.strength, random)
    return FaceSamples(patches, targets, whole)


def vary(
    patch: NDArray[np.uint8], strength: float, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Change a patch's sharpness, light and noise, each only now and then.

    Args:
        patch: uint8 S×S.
        strength: 0 (not at all) to 1 (at the edge of what a person still recognises).
        random: Decides how.
    """
    side = patch.shape[0]
    if random.random() < 0.3:
        small = int(side * (1.0 - strength * random.uniform(0.05, 0.55)))
        patch = cv2.resize(patch, (small, small), interpolation=cv2.INTER_AREA)
        patch = cv2.resize(patch, (side, side), interpolation=cv2.INTER_LINEAR)
    varied = patch.astype(np.float32)
    if random.random() < 0.3:
        slope = np.linspace(-1, 1, side, dtype=np.float32)
        across, down = random.normal(0, 18 * strength, 2)
        varied += across * slope[None, :] + down * slope[:, None]
    if random.random() < 0.5:
        contrast = np.exp(strength * random.uniform(-0.9, 0.3))
        varied = (varied - varied.mean()) * contrast + random.uniform(50, 200)
    if random.random() < 0.25:
        noise = strength * random.uniform(0.01, 0.12) * varied.std()
        varied += random.normal(0, 1, varied.shape) * noise
    return np.clip(varied, 0, 255).astype(np.uint8)


def _window(
    face: Face, margin: float, jitter: Jitter, random: np.random.Generator
) -> tuple[FloatArray, tuple[float, float, float]]:
    x, y, side, _ = face.box
    scale = random.uniform(-jitter.log_scale, jitter.log_scale)
    window = side * jitter.share * np.exp(scale)
    across, down = random.uniform(-jitter.shift, jitter.shift, 2)
    shown = window * margin
    if not face.whole:
        # Nothing lies beyond the face: the window stays within it, but for a little.
        shown = min(shown, side * 1.02)
        window = shown / margin
        spare = max(0.0, (side * 1.04 - shown) / 2 / window)
        across, down = np.clip((across, down), -spare, spare)
    middle_x, middle_y = x + side / 2 + across * window, y + side / 2 + down * window
    target = -across, -down, float(np.log(side / window))
    box = np.array([middle_x - shown / 2, middle_y - shown / 2, shown, shown])
    return box, target
