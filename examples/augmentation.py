"""Masks as augmentation while a model trains, without a server: in tf.data and in PyTorch.

    python examples/augmentation.py FOLDER            FOLDER/<class>/*: pictures that are one face

The three lines that do it:

    from maskmesh.services.mask_synthesis import MaskSynthesizer
    synthesizer = MaskSynthesizer()
    masked = synthesizer.apply(face, seed=seed, landmarks=landmarks).image

Landmarks cost most of the time and never change: `cached_landmarks` finds them once.
"""

from __future__ import annotations

import argparse
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from maskmesh.services.mask_synthesis import MaskSynthesizer
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.services.runtime.pictures import read_picture

CACHE_FILE = "landmarks.npz"


@cache
def synthesizer() -> MaskSynthesizer:
    """One for each process: it cannot travel to the workers of a data loader, nor need it."""
    return MaskSynthesizer()


def cached_landmarks(files: list[Path], cache_file: Path) -> NDArray[np.float32]:
    """Find the landmarks of pictures of one face each, or read those found before.

    Args:
        files: The pictures.
        cache_file: An .npz that is written, and read if it belongs to the same pictures.

    Returns:
        float32 (N, 68, 2): x, y in pixels.
    """
    told = "\n".join(f"{file.name} {file.stat().st_size}" for file in files)
    mark = zlib.crc32(told.encode())
    if cache_file.is_file():
        with np.load(cache_file) as kept:
            if int(kept["mark"]) == mark:
                return np.asarray(kept["landmarks"])
    predictor = LandmarkPredictor()
    found = np.stack([predictor.predict(read_picture(file, "L")) for file in files])
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


def main() -> None:
    """Show both on a folder of faces."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    files = sorted(file for file in folder.glob("*/*") if file.is_file())
    classes = sorted({file.parent.name for file in files})
    landmarks = cached_landmarks(files, folder / CACHE_FILE)
    labels = np.array([classes.index(file.parent.name) for file in files])
    faces = np.stack([read_picture(file, "L") for file in files])
    console = Console()
    for faces_batch, labels_batch in masked_tf_dataset(faces, landmarks, labels, seed=1).batch(8):
        console.print(f"tf.data: faces {faces_batch.shape}, labels {labels_batch.numpy()}")
    dataset = MaskedFaces(faces, landmarks, labels, seed=1)
    for epoch in range(2):
        dataset.set_epoch(epoch)
        brightness = np.mean([dataset[index][0].mean() for index in range(len(dataset))])
        console.print(f"PyTorch: epoch {epoch}, {len(dataset)} faces, mean {brightness:.3f}")


if __name__ == "__main__":
    main()
