"""The votes of a crowd for each picture, from a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.training.labels import CLASSES

FILE_COLUMN = "file"


def read_votes(path: Path, names: Sequence[str]) -> NDArray[np.float32]:
    """Read the votes for pictures of a data set.

    The file has the columns `file` (a picture's path in the data, or the end of it) and one for
    each class, with the number or the share of votes.

    Args:
        path: CSV file with a heading.
        names: The pictures' names, as `LabelledFaces.names`.

    Returns:
        float32 [N, 7], shares that sum to 1; rows of NaN for pictures without votes.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: A column is missing, a number is wrong, or no picture has votes.
    """
    if not path.is_file():
        raise NotFoundError(f"no votes at {path}: correct soft_labels in the recipe")
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        missing = {FILE_COLUMN, *CLASSES} - set(reader.fieldnames or ())
        if missing:
            raise InvalidInputError(
                f"{path} lacks the columns {', '.join(sorted(missing))}: add them to the heading"
            )
        by_file = {row[FILE_COLUMN]: _shares(row, path, reader.line_num) for row in reader}
    nobody = np.full(len(CLASSES), np.nan, np.float32)
    votes = np.stack([_of(name, by_file, nobody) for name in names])
    if not np.isfinite(votes).any():
        raise InvalidInputError(
            f"{path} names none of the pictures: its column {FILE_COLUMN!r} must hold paths such "
            f"as {names[0]}"
        )
    return votes


def _of(
    name: str, by_file: dict[str, NDArray[np.float32]], nobody: NDArray[np.float32]
) -> NDArray[np.float32]:
    parts = name.split("/")
    ends = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((by_file[end] for end in ends if end in by_file), nobody)


def _shares(row: dict[str, str], path: Path, line: int) -> NDArray[np.float32]:
    try:
        votes = np.array([float(row[name]) for name in CLASSES])
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{path}, line {line}: {error}: give seven numbers") from error
    if not np.isfinite(votes).all() or votes.min() < 0 or votes.sum() <= 0:
        raise InvalidInputError(f"{path}, line {line}: votes must be 0 or more, and not all 0")
    return np.asarray(votes / votes.sum(), np.float32)
