"""The pictures in a file, folder or zip, read one by one when they are needed."""

from __future__ import annotations

import os
import stat
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
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

# No packed picture shrinks like this; only what is made to fill memory does.
_BOMB_RATIO = 200
_BOMB_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PictureInput:
    """One picture that is still to be read.

    Attributes:
        file: Its path relative to what the user named, with forward slashes.
        read: Returns its encoded bytes; raises InvalidInputError if they cannot be read.
        is_link: Whether it is a symbolic link.
        stamp: Changes when its content does, as far as can be told without reading it.
    """

    file: str
    read: Callable[[], bytes]
    is_link: bool = False
    stamp: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What lies among the pictures and is not taken.

    Attributes:
        file: Its path relative to what the user named.
        reason: Why, in a few words.
        is_hidden: Whether it, or a folder that it lies in, is hidden.
    """

    file: str
    reason: str
    is_hidden: bool = False


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
        self.left_out: list[LeftOut] = []
        """Everything else that is there, sorted by path."""
        # ZipFile reads through one file handle, which threads share.
        self._reading = threading.Lock()
        if source.is_dir():
            self.pictures = self._in_folder(source)
        elif not source.is_file():
            raise NotFoundError(f"no file or folder {source}: check the path")
        elif source.suffix.lower() == ".zip":
            self.pictures = self._in_zip(source)
        else:
            stamp = _stamp(source.stat())
            self.pictures = [PictureInput(source.name, lambda: _read_file(source), stamp=stamp)]
        self.pictures.sort(key=lambda picture: picture.file)
        self.left_out.sort(key=lambda left_out: left_out.file)
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
        pictures = []
        for member in self._archive.infolist():
            if member.is_dir():
                continue
            if (reason := _reason_to_leave_out(member.filename)) is not None:
                self.left_out.append(reason)
                continue
            pictures.append(
                PictureInput(
                    member.filename,
                    lambda member=member: self._read_member(member),  # type: ignore[misc]
                    is_link=stat.S_ISLNK(member.external_attr >> 16),
                    stamp=(member.file_size, member.CRC),
                )
            )
        return pictures

    def _in_folder(self, folder: Path) -> list[PictureInput]:
        pictures = []
        for entry, name in self._entries(folder, ""):
            if entry.is_symlink() and not entry.is_file():
                self._leave_out(name, "a symbolic link that leads to no file: it is not followed")
            elif not entry.is_file():
                self._leave_out(name, "no regular file")
            elif (reason := _reason_to_leave_out(name)) is not None:
                self.left_out.append(reason)
            else:
                path = folder / name
                pictures.append(
                    PictureInput(
                        name,
                        lambda path=path: _read_file(path),  # type: ignore[misc]
                        is_link=entry.is_symlink(),
                        stamp=_stamp(entry.stat()),
                    )
                )
        return pictures

    def _entries(self, folder: Path, prefix: str) -> Iterator[tuple[os.DirEntry[str], str]]:
        try:
            with os.scandir(folder) as scanned:
                entries = list(scanned)
        except OSError as error:
            self._leave_out(prefix.rstrip("/") or ".", f"a folder that cannot be read: {error}")
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from self._entries(folder / entry.name, f"{prefix}{entry.name}/")
            else:
                yield entry, prefix + entry.name

    def _leave_out(self, name: str, reason: str) -> None:
        self.left_out.append(LeftOut(name, reason, _is_hidden(name)))

    def _read_member(self, member: zipfile.ZipInfo) -> bytes:
        _check_bytes(member.file_size)
        if member.file_size > max(_BOMB_BYTES, _BOMB_RATIO * member.compress_size):
            raise TooLargeError(
                f"unpacks to {member.file_size // max(1, member.compress_size)} times its size, "
                f"the limit is {_BOMB_RATIO}: this is no picture, it is made to fill memory"
            )
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


def _reason_to_leave_out(name: str) -> LeftOut | None:
    if _is_hidden(name):
        return LeftOut(name, "a hidden file", is_hidden=True)
    if PurePosixPath(name).suffix.lower() not in PICTURE_SUFFIXES:
        return LeftOut(name, "no picture by its name")
    return None


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns


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
