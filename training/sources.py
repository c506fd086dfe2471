"""Reads labelled files from a zip or a folder alike, without unpacking the zip."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import PICTURE_SUFFIXES

NO_SPLIT = "."


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One picture file: its split, its class folder, and its name as the source knows it."""

    split: str
    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class DataSource:
    """An opened zip or folder.

    Attributes:
        files: All picture files, sorted by name.
        read: Returns the bytes of a file, by `SourceFile.name`.
    """

    files: tuple[SourceFile, ...]
    read: Callable[[str], bytes]

    def of_split(self, split: str) -> list[SourceFile]:
        """Return the files of one split, sorted by name."""
        return [file for file in self.files if file.split == split]


@contextmanager
def open_source(path: Path) -> Iterator[DataSource]:
    """Open `<split>/<class>/<picture>` (or `<class>/<picture>`, split ".") in a zip or a folder.

    One folder that encloses everything, as archives often have, is looked through.

    Raises:
        NotFoundError: There is nothing at the path.
        InvalidInputError: A file that is no readable zip, or nothing in it in that layout.
    """
    if path.is_dir():
        names = [p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()]
        yield DataSource(_layout(names, path), lambda name: (path / name).read_bytes())
        return
    if not path.exists():
        raise NotFoundError(f"no data at {path}: pass a zip file or a folder")
    if not zipfile.is_zipfile(path):
        raise InvalidInputError(f"{path} is neither a folder nor a whole zip file: fetch it again")
    with zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        yield DataSource(_layout(names, path), _zip_reader(archive, path))


def _zip_reader(archive: zipfile.ZipFile, path: Path) -> Callable[[str], bytes]:
    def read(name: str) -> bytes:
        try:
            return archive.read(name)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise InvalidInputError(
                f"{name} in {path} cannot be unpacked ({error}): fetch the zip again"
            ) from error

    return read


def _layout(names: list[str], path: Path) -> tuple[SourceFile, ...]:
    paths = [PurePosixPath(name) for name in sorted(names)]
    pictures = [
        p
        for p in paths
        if p.suffix.lower() in PICTURE_SUFFIXES
        and not any(part.startswith((".", "__MACOSX")) for part in p.parts)
    ]
    skip = 1 if _is_enclosed(pictures) else 0
    files = []
    for picture in pictures:
        parts = picture.parts[skip:]
        if len(parts) == 3:
            files.append(SourceFile(parts[0], parts[1], str(picture)))
        elif len(parts) == 2:
            files.append(SourceFile(NO_SPLIT, parts[0], str(picture)))
    if not files:
        raise InvalidInputError(
            f"{path} holds no pictures laid out as <split>/<class>/<picture>: rearrange it"
        )
    return tuple(files)


def _is_enclosed(pictures: list[PurePosixPath]) -> bool:
    deep = all(len(picture.parts) == 4 for picture in pictures)
    return deep and len({picture.parts[0] for picture in pictures}) == 1
