"""Labelled faces as arrays: decoded from a zip or a folder, checked, counted and hashed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from maskmesh.services.classification.preparation import scale_face
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import decode_picture
from maskmesh.training.labels import CLASSES, FACE_SIZE
from maskmesh.training.sources import DataSource, SourceFile, open_source

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
    """

    split: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    sha256: str

    def __len__(self) -> int:
        return len(self.names)

    def head(self, per_class: int) -> LabelledFaces:
        """Return at most the first `per_class` faces of every class, for quick trials."""
        keep = np.concatenate(
            [np.flatnonzero(self.labels == index)[:per_class] for index in range(len(CLASSES))]
        )
        keep.sort()
        sha256 = hashlib.sha256(f"{self.sha256}:{per_class}".encode()).hexdigest()
        names = tuple(self.names[i] for i in keep)
        return LabelledFaces(self.split, self.images[keep], self.labels[keep], names, sha256)


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What the data holds and what is odd about it.

    Attributes:
        counts: Pictures by split and class.
        blank: Pictures by split whose pixels all have one value.
        duplicates: Groups of file names, across all splits, with exactly equal pixels.
        across_splits: How many of those groups reach over more than one split.
        sha256: Hash of the contents by split.
    """

    counts: dict[str, dict[str, int]]
    blank: dict[str, list[str]]
    duplicates: list[list[str]]
    across_splits: int
    sha256: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return asdict(self)


def load_splits(
    path: Path, splits: Sequence[str], *, all_classes: bool = True
) -> dict[str, LabelledFaces]:
    """Read splits of a data set, laid out as `<split>/<class>/<picture>`, in a zip or a folder.

    Pictures of another size than 48x48 are resized.

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


def describe(splits: Iterable[LabelledFaces]) -> DatasetReport:
    """Count classes, blank pictures and exact duplicates (equal pixels) over the given splits."""
    counts, blank, hashes = {}, {}, {}
    by_pixels: dict[bytes, list[tuple[str, str]]] = {}
    for faces in splits:
        per_class = np.bincount(faces.labels, minlength=len(CLASSES))
        counts[faces.split] = dict(zip(CLASSES, per_class.tolist(), strict=True))
        flat = faces.images.reshape(len(faces), -1)
        blank[faces.split] = [faces.names[i] for i in np.flatnonzero(np.ptp(flat, axis=1) == 0)]
        hashes[faces.split] = faces.sha256
        for name, image in zip(faces.names, faces.images, strict=True):
            digest = hashlib.sha256(image.tobytes()).digest()
            by_pixels.setdefault(digest, []).append((faces.split, name))
    groups = [group for group in by_pixels.values() if len(group) > 1]
    across = sum(len({split for split, _ in group}) > 1 for group in groups)
    names = [[name for _, name in group] for group in groups]
    return DatasetReport(counts, blank, names, across, hashes)


def _check_split(source: DataSource, split: str, path: Path, *, all_classes: bool) -> None:
    files = source.of_split(split)
    if not files:
        there = ", ".join(sorted({file.split for file in source.files}))
        raise NotFoundError(f"{path} has no split {split!r}, it has: {there}")
    folders = Counter(file.folder for file in files)
    unknown = sorted(set(folders) - set(CLASSES))
    if unknown:
        raise InvalidInputError(
            f"{path}: {split} holds unknown class folders {', '.join(unknown[:5])}: "
            f"name them {', '.join(CLASSES)}"
        )
    empty = [name for name in CLASSES if name not in folders]
    if all_classes and empty:
        raise InvalidInputError(f"{path}: {split} has no pictures of {', '.join(empty)}: add some")


def _load_split(source: DataSource, split: str) -> LabelledFaces:
    files = source.of_split(split)
    images = np.empty((len(files), FACE_SIZE, FACE_SIZE), np.uint8)
    digest = hashlib.sha256()
    broken = []
    for row, file in enumerate(track(files, f"reading {split}", transient=True)):
        data = source.read(file.name)
        digest.update(f"{file.split}/{file.folder}/{file.name.rpartition('/')[2]}\n".encode())
        digest.update(hashlib.sha256(data).digest())
        try:
            images[row] = scale_face(decode_picture(data, "L"), FACE_SIZE)
        except InvalidInputError as error:
            broken.append(f"{file.name}: {error}")
    if broken:
        raise InvalidInputError(
            f"{len(broken)} of {len(files)} pictures of {split} cannot be used; replace or remove "
            + "; ".join(broken[:_NAMED_IN_ERRORS])
        )
    return LabelledFaces(split, images, _labels(files), _names(files), digest.hexdigest())


def _labels(files: list[SourceFile]) -> NDArray[np.int64]:
    return np.array([CLASSES.index(file.folder) for file in files], np.int64)


def _names(files: list[SourceFile]) -> tuple[str, ...]:
    return tuple(file.name for file in files)
