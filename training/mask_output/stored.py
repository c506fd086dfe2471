"""The mask output that was fitted for a run, in the run's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.saving import save_arrays, sha256_of

if TYPE_CHECKING:
    import keras

FILE = "mask_output.npz"
LAYER = "mask"


@dataclass(frozen=True, slots=True)
class MaskOutput:
    """What is told of a mask output that was fitted anew.

    Attributes:
        photos: Real faces that it was fitted on.
        synthetic: Others.
    """

    photos: int
    synthetic: int


def save_mask_output(model: keras.Model, weights: Path, told: MaskOutput) -> Path:
    """Write the mask output's weights beside the run's weights that they were fitted for."""
    kernel, bias = model.get_layer(LAYER).get_weights()
    file = weights.parent / FILE
    save_arrays(
        file,
        kernel=kernel,
        bias=bias,
        weights_sha256=np.array(sha256_of(weights)),
        faces=np.array([told.photos, told.synthetic]),
    )
    return file


def load_mask_output(model: keras.Model, weights: Path) -> MaskOutput | None:
    """Give a network the mask output that was fitted for its weights, if there is one.

    Raises:
        InvalidInputError: It was fitted for earlier weights of the run.
    """
    file = weights.parent / FILE
    if not file.exists():
        return None
    with np.load(file) as stored:
        if str(stored["weights_sha256"]) != sha256_of(weights):
            raise InvalidInputError(
                f"{file} was fitted before the run went on: run maskmesh train mask again, or "
                "remove it"
            )
        model.get_layer(LAYER).set_weights([stored["kernel"], stored["bias"]])
    return mask_output_of(weights)


def mask_output_of(weights: Path) -> MaskOutput | None:
    """Return what is told of the mask output beside a run's weights, if there is one."""
    file = weights.parent / FILE
    if not file.exists():
        return None
    with np.load(file) as stored:
        photos, synthetic = stored["faces"].tolist()
    return MaskOutput(photos, synthetic)
