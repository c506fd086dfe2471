"""Masks as augmentation while a model trains, without a server: in tf.data and in PyTorch.

    python examples/augmentation.py FOLDER [--cache landmarks.npz]

FOLDER/<class>/* are pictures that are one face each, all of one size. Nothing is written but the
cache, if one is named.

The three lines that do it:

    from maskmesh.services.mask_synthesis import MaskSynthesizer
    synthesizer = MaskSynthesizer()
    masked = synthesizer.apply(face, seed=seed, landmarks=landmarks).image

Landmarks cost most of the time and never change: `cached_landmarks` finds them once.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from maskmesh.services.mask_synthesis import MaskSynthesizer
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.services.runtime.errors import InvalidInputError, MaskmeshError, NotFoundError
from maskmesh.services.runtime.pictures import PICTURE_SUFFIXES, read_picture


@cache
def synthesizer() -> MaskSynthesizer:
    """One for each process: it cannot travel to the workers of a data loader, nor need it."""
    return MaskSynthesizer()


def faces_of(files: list[Path]) -> NDArray[np.uint8]:
    """Read pictures of one size: uint8 (N, H, W), gray.

    Raises:
        InvalidInputError: One of them is no picture, or of another size than the first.
    """
    faces: list[NDArray[np.uint8]] = []
    for file in files:
        try:
            faces.append(read_picture(file, "L"))
        except InvalidInputError as error:
            raise InvalidInputError(f"{file}: {error}") from error
        if faces[-1].shape != faces[0].shape:
            sizes = [f"{face.shape[1]}×{face.shape[0]}" for face in (faces[-1], faces[0])]
            raise InvalidInputError(
                f"{file} has {sizes[0]} pixels and {files[0]} {sizes[1]}: make all of one size"
            )
    return np.stack(faces)


def cached_landmarks(
    files: list[Path], faces: NDArray[np.uint8], cache_file: Path | None
) -> NDArray[np.float32]:
    """Find the landmarks of pictures of one face each, or read those found before.

    Args:
        files: The pictures.
        faces: What they show, uint8 (N, H, W).
        cache_file: An .npz that is written, and read if it belongs to the same pictures; None:
            nothing is kept.

    Returns:
        float32 (N, 68, 2): x, y in pixels.
    """
    told = "\n".join(f"{file.name} {file.stat().st_size}" for file in files)
    mark = zlib.crc32(told.encode())
    if cache_file is not None and cache_file.is_file():
        with np.load(cache_file) as kept:
            if int(kept["mark"]) == mark:
                return np.asarray(kept["landmarks"])
    predictor = LandmarkPredictor()
    found = predictor.predict_many(list(faces), [None] * len(faces))
    if cache_file is not None:
        np.savez(cache_file, landmarks=found, mark=mark)
    return found


def masked_tf_dataset(
    faces: NDArray[np.uint8], landmarks: NDArray[np.float32], labels: NDArray[np.int64], seed: int
) -> Any:
    """Make a tf.data.Dataset of masked faces and labels; each epoch wears other masks.

    Args:
        faces: uint8 (N, H, W), gray.
        landmarks: float32 (N, 68, 2).
        labels: int64 (N,).
        seed: Decides every mask of every epoch.
    """
    import tensorflow as tf  # noqa: PLC0415 - PyTorch's users have none

    def put_on(face: Any, points: Any, label: Any, mask_seed: Any) -> tuple[Any, Any]:
        masked = tf.numpy_function(
            lambda *arrays: (
                synthesizer().apply(arrays[0], landmarks=arrays[1], seed=int(arrays[2])).image
            ),
            [face, points, mask_seed],
            tf.uint8,
        )
        return tf.ensure_shape(masked, faces.shape[1:]), label

    known = tf.data.Dataset.from_tensor_slices((faces, landmarks, labels))
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    together = tf.data.Dataset.zip(known, seeds)
    return together.map(
        lambda known, mask_seed: put_on(*known, mask_seed), num_parallel_calls=tf.data.AUTOTUNE
    )


class MaskedFaces:
    """What torch.utils.data.DataLoader asks of a dataset; PyTorch itself is not needed.

    Call `set_epoch` before every epoch, and each wears other masks.
    """

    def __init__(
        self,
        faces: NDArray[np.uint8],
        landmarks: NDArray[np.float32],
        labels: NDArray[np.int64],
        seed: int = 0,
    ) -> None:
        self._faces, self._landmarks, self._labels = faces, landmarks, labels
        self._seed, self._epoch = seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the masks of an epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._faces)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], int]:
        """Return a masked face, float32 (1, H, W) from 0 to 1, and its label."""
        seed = zlib.crc32(f"{self._seed} {self._epoch} {index}".encode())
        masked = synthesizer().apply(
            self._faces[index], landmarks=self._landmarks[index], seed=seed
        )
        return masked.image[None].astype(np.float32) / 255.0, int(self._labels[index])


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures of a folder's class folders, sorted.

    Raises:
        NotFoundError: There are none.
    """
    files = [file for file in folder.glob("*/*") if file.suffix.lower() in PICTURE_SUFFIXES]
    if not files:
        raise NotFoundError(
            f"no pictures in {folder}/<class>/: name a folder that holds a folder for each class"
        )
    return sorted(files)


def show(folder: Path, cache_file: Path | None) -> None:
    """Show both ways on a folder of faces."""
    files = pictures_in(folder)
    classes = sorted({file.parent.name for file in files})
    faces = faces_of(files)
    landmarks = cached_landmarks(files, faces, cache_file)
    labels = np.array([classes.index(file.parent.name) for file in files])
    console = Console()
    for faces_batch, labels_batch in masked_tf_dataset(faces, landmarks, labels, seed=1).batch(8):
        console.print(f"tf.data: faces {faces_batch.shape}, labels {labels_batch.numpy()}")
    dataset = MaskedFaces(faces, landmarks, labels, seed=1)
    for epoch in range(2):
        dataset.set_epoch(epoch)
        brightness = np.mean([dataset[index][0].mean() for index in range(len(dataset))])
        console.print(f"PyTorch: epoch {epoch}, {len(dataset)} faces, mean {brightness:.3f}")


def main() -> None:
    """Show both ways, or say in a line why it cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="holds a folder of pictures for each class")
    parser.add_argument("--cache", type=Path, help=".npz that keeps the landmarks; default: none")
    given = parser.parse_args()
    try:
        show(given.folder, given.cache)
    except MaskmeshError as error:
        sys.exit(f"{parser.prog}: error: {error}")


if __name__ == "__main__":
    main()
