"""Distortions of a batch: affine maps, blur, light, erased patches, noise, and mixed faces."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.training.plan import EpochPlan, Mix

Faces = NDArray[np.uint8]
MID_GRAY = 128.0
# A kernel of OpenCV's would have one pixel.
LEAST_BLUR = 0.1


def distorted(faces: Sequence[Faces], rows: NDArray[np.int64], plan: EpochPlan) -> Faces:
    """Distort faces as the plan has it.

    Args:
        faces: uint8 [48, 48], one or more for each row.
        rows: int64, the number in the plan of each of the faces.
        plan: The epoch's plan.

    Returns:
        uint8 [len(faces), 48, 48].
    """
    out = np.empty((len(faces), *faces[0].shape), np.uint8)
    for place, face, transform in zip(out, faces, plan.transforms[rows], strict=True):
        cv2.warpAffine(
            face,
            transform,
            face.shape[::-1],
            dst=place,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    for row in np.flatnonzero(plan.blur[rows] > LEAST_BLUR):
        cv2.GaussianBlur(out[row], (0, 0), float(plan.blur[rows[row]]), dst=out[row])
    _relight(out, plan.gain[rows], plan.bias[rows])
    for place, (left, top, width, height, level) in zip(out, plan.patches[rows], strict=True):
        place[top : top + height, left : left + width] = level
    _add_noise(out, rows, plan)
    return out


def _add_noise(faces: Faces, rows: NDArray[np.int64], plan: EpochPlan) -> None:
    height, width = faces.shape[1:]
    for row in np.flatnonzero(plan.noise[rows]):
        top, left = plan.noise_corners[rows[row]]
        field = plan.noise_field[top : top + height, left : left + width]
        noisy = faces[row] + plan.noise[rows[row]] * field
        faces[row] = np.clip(np.rint(noisy), 0, 255)


def mixed(faces: Faces, mix: Mix) -> Faces:
    """Mix faces, uint8 [n, views, 48, 48], all views of one in the same way."""
    others = faces[mix.partners]
    if mix.boxes is None:
        share = mix.share[:, None, None, None]
        return np.rint(share * faces + (1 - share) * others).astype(np.uint8)
    out = faces.copy()
    for place, other, (left, top, right, bottom) in zip(out, others, mix.boxes, strict=True):
        place[:, top:bottom, left:right] = other[:, top:bottom, left:right]
    return out


def mixed_targets(targets: NDArray[np.float32], mix: Mix) -> NDArray[np.float32]:
    """Mix targets, float32 [n, ...], in the shares of their pictures."""
    share = mix.share.reshape(-1, *(1 for _ in targets.shape[1:]))
    return np.asarray(share * targets + (1 - share) * targets[mix.partners], np.float32)


def _relight(faces: Faces, gain: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
    changed = np.flatnonzero((gain != 1) | (bias != 0))
    if len(changed) == 0:
        return
    levels = np.arange(256, dtype=np.float32) - MID_GRAY
    tables = levels * gain[changed, None] + bias[changed, None] + MID_GRAY
    tables = np.clip(np.rint(tables), 0, 255).astype(np.uint8)
    for row, table in zip(changed, tables, strict=True):
        faces[row] = table[faces[row]]
