"""Small data and a narrow network, so that every part of training runs in seconds."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskmesh.services.runtime.pictures import encode_png
from maskmesh.training.labels import CLASSES, FACE_SIZE
from maskmesh.training.recipe import Recipe, load_recipe


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let Keras 3.15 convert TensorFlow's tensors in the way that NumPy 2 complains of."""
    here = Path(__file__).parent
    message = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(message))


def striped_faces(per_class: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return pictures that a network can learn: stripes, whose number tells the class."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(CLASSES)), per_class)
    rows = np.arange(FACE_SIZE)
    waves = np.sin(2 * np.pi * (labels[:, None] + 1) * rows / FACE_SIZE)
    noise = rng.normal(0, 10, (len(labels), FACE_SIZE, FACE_SIZE))
    images = np.clip(128 + 80 * waves[:, :, None] + noise, 0, 255).astype(np.uint8)
    return images, labels.astype(np.int64)


@pytest.fixture(scope="session")
def striped_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two splits, train (8 a class) and validation (3 a class)."""
    file = tmp_path_factory.mktemp("data") / "striped.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for seed, (split, per_class) in enumerate((("train", 8), ("validation", 3))):
            images, labels = striped_faces(per_class, seed)
            for index, (image, label) in enumerate(zip(images, labels, strict=True)):
                archive.writestr(f"{split}/{CLASSES[label]}/{index:03d}.png", encode_png(image))
    return file


NARROW = {
    "paper": {"widths": (8, 8), "dense": (16,)},
    "residual": {"widths": (8, 12), "dense": ()},
}


def quick(name: str, **changes: object) -> Recipe:
    """Return a shipped recipe with a narrow network, small batches and three epochs."""
    shape = NARROW[load_recipe(name).model]
    short = {"epochs": 3, "batch_size": 16, "dtype_policy": "float32", "mask_variants": 2}
    return load_recipe(name, **{**shape, **short, **changes})


def as_toml(recipe: Recipe, file: Path) -> Path:
    """Write a recipe as a TOML file, which lists and numbers of JSON are already."""
    lines = [
        f"{key} = {json.dumps(value)}" for key, value in recipe.model_dump(mode="json").items()
    ]
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture(scope="session")
def quick_recipe() -> Recipe:
    """The paper's recipe, shortened."""
    return quick("paper")


class PaintedMasks:
    """Gives every face the same mask of one gray level, which changes with the epoch."""

    def __init__(self, plain: NDArray[np.uint8]) -> None:
        self.plain = plain

    def masked(self, face: int, epoch: int) -> tuple[NDArray[np.uint8], bool]:
        """Paint the lower part."""
        image = self.plain[face].copy()
        image[30:] = 180 + 10 * (epoch % 5)
        return image, True
