"""The command `explain`: where a run's network looks, at faces without and with a mask."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import load_splits
from maskmesh.training.evaluation.dressing import Outfit, dress
from maskmesh.training.evaluation.example_faces import (
    Examples,
    faces_of_photos,
    one_of_each_class,
)
from maskmesh.training.evaluation.explain_settings import ExplainSettings
from maskmesh.training.evaluation.grad_cam import class_activation_maps, last_activations
from maskmesh.training.evaluation.grad_cam_sheet import Look, draw_looks
from maskmesh.training.labels import CLASSES
from maskmesh.training.runs import float_model, load_run


def explain(settings: ExplainSettings) -> int:
    """Draw what the settings say.

    Returns:
        How many faces are shown.

    Raises:
        NotFoundError: The run holds no weights, or there are no faces.
        InvalidInputError: The output's folder is missing, or the layer gives no maps.
        NoFaceError: A photo shows no face, or one that no mask can be put on.
    """
    if not settings.output.resolve().parent.is_dir():
        raise InvalidInputError(f"no folder {settings.output.parent}: make it first")
    run = load_run(settings.run)
    model = float_model(run)
    examples = _examples(settings, model)
    layer = settings.layer or last_activations(model)
    views = {
        kind: look_at(model, images, examples.classes, layer)
        for kind, images in (("unmasked", examples.plain), ("masked", examples.masked))
    }
    about = "the expression above" if examples.classes is None else "the class at the left"
    title = f"{settings.run.name}, epoch {run.best['epoch']:.0f}: maps of {layer} for {about}"
    draw_looks(examples.titles, views, title, settings.output)
    return len(examples.titles)


def look_at(
    model: keras.Model, faces: NDArray[np.uint8], classes: NDArray[np.int64] | None, layer: str
) -> list[Look]:
    """Return what the network says of faces, and where it looks for it.

    Args:
        model: The network.
        faces: uint8 [N, 48, 48].
        classes: int64 [N], what the maps are about; None takes what the network says.
        layer: Name of the layer whose maps are taken.
    """
    probabilities = answers(model, faces)
    said = probabilities.argmax(axis=1)
    about = said if classes is None else classes
    maps = class_activation_maps(model, faces, about, layer)
    return [
        Look(face, where, f"{CLASSES[label]} {row[label]:.0%}")
        for face, where, label, row in zip(faces, maps, said, probabilities, strict=True)
    ]


def answers(model: keras.Model, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probabilities of faces, float32 [N, 7]."""
    outputs = model.predict({"faces": faces[..., None]}, verbose=0)
    return np.asarray(outputs["probabilities"], np.float32)


def _examples(settings: ExplainSettings, model: keras.Model) -> Examples:
    if settings.photos is not None:
        return faces_of_photos(settings.photos, settings.style, settings.seed)
    data = settings.data or default_data()
    splits = load_splits(data, [settings.split], all_classes=False)
    faces = splits[settings.split].head(settings.per_class)
    outfit = Outfit(style=settings.style)
    with tempfile.TemporaryDirectory(prefix="maskmesh-") as folder:
        dressed = dress(faces, [outfit], seed=settings.seed, cache=Path(folder), workers=1)[outfit]
    said = [answers(model, images) for images in (faces.images, dressed.images)]
    return one_of_each_class(faces, dressed, *said)
