"""The pictures in a file, folder or zip, read one by one when they are needed."""

from __future__ import annotations

import threading
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, TooLargeError
from maskmesh.services.runtime.pictures import DEFAULT_LIMITS, PICTURE_SUFFIXES

# What zipfile raises over damaged, encrypted or strangely packed members.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
)


@dataclass(frozen=True, slots=True)
class PictureInput:
    """One picture that is still to be read.

    Attributes:
        file: Its path relative to what the user named, with forward slashes.
        read: Returns its encoded bytes; raises InvalidInputError if they cannot be read.
    """

    file: str
    read: Callable[[], bytes]


class PictureInputs:
    """All pictures of what a user named, sorted by path; a context manager."""

    def __init__(self, source: Path) -> None:
        """Look what there is, without reading it.

        Args:
            source: A picture, a folder (searched with all folders in it), or a zip.

        Raises:
            NotFoundError: There is no such file or folder, or no picture in it.
            InvalidInputError: A file that ends in .zip is none.
        """
        self._archive: zipfile.ZipFile | None = None
        self.left_out: list[str] = []
        """Files that are no pictures by their names; hidden ones are not counted."""
        # ZipFile reads through one file handle, which threads share.
        self._reading = threading.Lock()
        if source.is_dir():
            self.pictures = self._in_folder(source)
        elif not source.is_file():
            raise NotFoundError(f"no file or folder {source}: check the path")
        elif source.suffix.lower() == ".zip":
            self.pictures = self._in_zip(source)
        else:
            self.pictures = [PictureInput(source.name, lambda: _read_file(source))]
        if not self.pictures:
            raise NotFoundError(
                f"no pictures in {source}: it needs files that end in "
                f"{', '.join(sorted(PICTURE_SUFFIXES))}"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._archive is not None:
            self._archive.close()

    def _in_zip(self, source: Path) -> list[PictureInput]:
        try:
            self._archive = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, OSError) as error:
            raise InvalidInputError(
                f"{source} is no zip that can be read ({error}): it is damaged or cut short"
            ) from error
        files = [member for member in self._archive.infolist() if not member.is_dir()]
        members = [member for member in files if _is_picture(member.filename)]
        self._note_left_out([member.filename for member in files])
        return [
            PictureInput(member.filename, lambda member=member: self._read_member(member))  # type: ignore[misc]
            for member in sorted(members, key=lambda member: member.filename)
        ]

    def _in_folder(self, folder: Path) -> list[PictureInput]:
        names = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )
        self._note_left_out(names)
        return [
            PictureInput(name, lambda path=folder / name: _read_file(path))  # type: ignore[misc]
            for name in names
            if _is_picture(name)
        ]

    def _note_left_out(self, names: list[str]) -> None:
        self.left_out = [name for name in names if not _is_picture(name) and not _is_hidden(name)]

    def _read_member(self, member: zipfile.ZipInfo) -> bytes:
        _check_bytes(member.file_size)
        assert self._archive is not None  # noqa: S101 - members come from it
        try:
            with self._reading, self._archive.open(member) as stream:
                # One byte more than allowed: a zip may lie about sizes.
                data = stream.read(DEFAULT_LIMITS.max_bytes + 1)
        except _UNREADABLE as error:
            raise InvalidInputError(
                f"cannot be read from the zip ({error}): it is damaged, encrypted or packed in "
                "an unknown way"
            ) from error
        _check_bytes(len(data))
        return data


def _is_picture(name: str) -> bool:
    return not _is_hidden(name) and PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES


def _is_hidden(name: str) -> bool:
    # What macOS adds to zips (__MACOSX/._face.jpg) is hidden too, and only looks like a picture.
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") and part not in {".", ".."} for part in parts)


def _read_file(path: Path) -> bytes:
    try:
        _check_bytes(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"cannot be read: {error.strerror}") from error


def _check_bytes(count: int) -> None:
    if count > DEFAULT_LIMITS.max_bytes:
        raise TooLargeError(
            f"the picture has {count:,} bytes, the limit is {DEFAULT_LIMITS.max_bytes:,}: "
            "make it smaller"
        )
