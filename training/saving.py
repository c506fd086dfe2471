"""Files and folders that are there whole or not at all: written aside, then renamed."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Give a path to write to; it becomes `file` if all went well, and is removed if not."""
    partial = file.with_name(f".{os.getpid()}.partial.{file.name}")
    try:
        yield partial
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path, *, replace: bool) -> Iterator[Path]:
    """Give a folder to write to; it becomes `folder` if all went well.

    Raises:
        FileExistsError: `folder` is there in the end, and is not to be replaced.
    """
    partial = folder.with_name(f".{os.getpid()}.partial.{folder.name}")
    earlier = folder.with_name(f".{os.getpid()}.earlier.{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if folder.exists():
            if not replace:
                raise FileExistsError(errno.EEXIST, "made by somebody else meanwhile", folder)
            folder.rename(earlier)
        try:
            partial.rename(folder)
        except OSError:
            if earlier.exists():
                earlier.rename(folder)
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)


def save_arrays(file: Path, **arrays: NDArray[np.generic]) -> None:
    """Write arrays to an npz file."""
    with whole_file(file) as partial, partial.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]


def sha256_of(file: Path) -> str:
    """Return the hash of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
