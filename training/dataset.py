"""Labelled faces as arrays: decoded from a zip or a folder, checked and hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from maskmesh.services.classification.preparation import scale_face
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import decode_picture
from maskmesh.training.labels import CLASSES, FACE_SIZE, class_of
from maskmesh.training.sources import NO_SPLIT, DataSource, SourceFile, open_source

_NAMED_IN_ERRORS = 3


@dataclass(frozen=True, slots=True)
class LabelledFaces:
    """The faces of one split.

    Attributes:
        split: The split's name.
        images: uint8 [N, 48, 48], gray, 0 to 255.
        labels: int64 [N], indices into `CLASSES`.
        names: The N file names, sorted.
        sha256: Hash of the names and the encoded contents; equal for a zip and its unpacked folder.
        resized: How many of the files had another size.
    """

    split: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    sha256: str
    resized: int = 0

    def __len__(self) -> int:
        return len(self.names)

    def head(self, per_class: int) -> LabelledFaces:
        """Return at most the first `per_class` faces of every class, for quick trials."""
        keep = np.concatenate(
            [np.flatnonzero(self.labels == index)[:per_class] for index in range(len(CLASSES))]
        )
        return self.where(np.isin(np.arange(len(self)), keep))

    def where(self, keep: NDArray[np.bool_], split: str | None = None) -> LabelledFaces:
        """Return the faces that are to be kept, bool [N], under a hash of their own."""
        digest = hashlib.sha256(f"{self.sha256}:".encode() + np.packbits(keep).tobytes())
        names = tuple(self.names[i] for i in np.flatnonzero(keep))
        return LabelledFaces(
            split or self.split,
            self.images[keep],
            self.labels[keep],
            names,
            digest.hexdigest(),
            self.resized,
        )


def load_splits(
    path: Path, splits: Sequence[str], *, all_classes: bool = True
) -> dict[str, LabelledFaces]:
    """Read splits of a data set, laid out as `<split>/<class>/<picture>`, in a zip or a folder.

    Pictures of another size than 48x48 are resized; colours become gray. Class folders may be
    written otherwise ("Anger", "Happiness"), see `class_of`.

    Args:
        path: Zip file or folder.
        splits: Names of the splits to read; "." where class folders lie on top.
        all_classes: Whether a split without pictures of some class is an error.

    Raises:
        NotFoundError: Nothing at the path, or a split is missing.
        InvalidInputError: Unknown class folders, empty classes, or damaged pictures.
    """
    with open_source(path) as source:
        for split in splits:
            _check_split(source, split, path, all_classes=all_classes)
        return {split: _load_split(source, split) for split in splits}


def has_splits(path: Path) -> bool:
    """Say whether a zip or a folder has splits, or only class folders."""
    with open_source(path) as source:
        return any(file.split != NO_SPLIT for file in source.files)


def load_train_and_validation(
    path: Path, train: str, validation: str, share: float
) -> tuple[LabelledFaces, LabelledFaces]:
    """Read the two splits; where class folders lie on top, part one set in two.

    A picture then belongs to validation by a hash of its pixels, so that the same pictures do
    wherever they are read, and a picture that is there twice is in one split only.

    Args:
        path: Zip file or folder.
        train: Name of the split to train on.
        validation: Name of the split to judge on.
        share: Share of validation pictures, 0 to 1, where there are no splits.

    Raises:
        NotFoundError: Nothing at the path, or a split is missing.
        InvalidInputError: See `load_splits`; or the same split twice.
    """
    if has_splits(path):
        if train == validation:
            raise InvalidInputError(
                f"both splits are {train!r}: a model must not be judged on what it learns from; "
                "name two"
            )
        splits = load_splits(path, (train, validation))
        return splits[train], splits[validation]
    faces = load_splits(path, (NO_SPLIT,))[NO_SPLIT]
    chosen = np.array([_place(image) < share for image in faces.images])
    parts = faces.where(~chosen, train), faces.where(chosen, validation)
    for part in parts:
        empty = sorted(set(range(len(CLASSES))) - set(part.labels.tolist()))
        if empty:
            names = ", ".join(CLASSES[index] for index in empty)
            raise InvalidInputError(
                f"{path} has too few pictures of {names}: none is in the part for {part.split}; "
                "add some, or lay them out as <split>/<class>/<picture>"
            )
    return parts


def _place(image: NDArray[np.uint8]) -> float:
    """Return a number from 0 to 1 that follows from the pixels."""
    return int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:4], "big") / 2**32


def _check_split(source: DataSource, split: str, path: Path, *, all_classes: bool) -> None:
    files = source.of_split(split)
    if not files:
        there = ", ".join(sorted({file.split for file in source.files}))
        raise NotFoundError(f"{path} has no split {split!r}, it has: {there}")
    folders = {file.folder for file in files}
    unknown = sorted(folder for folder in folders if class_of(folder) is None)
    if unknown:
        raise InvalidInputError(
            f"{path}: {split} holds unknown class folders {', '.join(unknown[:5])}: "
            f"name them {', '.join(CLASSES)}, or take them out"
        )
    known = {class_of(folder) for folder in folders}
    empty = [name for name in CLASSES if name not in known]
    if all_classes and empty:
        raise InvalidInputError(f"{path}: {split} has no pictures of {', '.join(empty)}: add some")


def _load_split(source: DataSource, split: str) -> LabelledFaces:
    files = source.of_split(split)
    images = np.empty((len(files), FACE_SIZE, FACE_SIZE), np.uint8)
    digest = hashlib.sha256()
    broken = []
    resized = 0
    for row, file in enumerate(track(files, f"reading {split}", transient=True)):
        data = source.read(file.name)
        digest.update(f"{file.split}/{file.folder}/{file.name.rpartition('/')[2]}\n".encode())
        digest.update(hashlib.sha256(data).digest())
        try:
            picture = decode_picture(data, "L")
        except InvalidInputError as error:
            broken.append(f"{file.name}: {error}")
            continue
        resized += picture.shape != (FACE_SIZE, FACE_SIZE)
        images[row] = scale_face(picture, FACE_SIZE)
    if broken:
        raise InvalidInputError(
            f"{len(broken)} of {len(files)} pictures of {split} cannot be used; replace or remove "
            + "; ".join(broken[:_NAMED_IN_ERRORS])
        )
    names = tuple(file.name for file in files)
    return LabelledFaces(split, images, _labels(files), names, digest.hexdigest(), resized)


def _labels(files: list[SourceFile]) -> NDArray[np.int64]:
    # Unknown folders were refused before.
    return np.array([CLASSES.index(class_of(file.folder) or "") for file in files], np.int64)
