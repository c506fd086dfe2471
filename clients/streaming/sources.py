"""From what a user names with --source to a source of frames."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from maskmesh.clients.streaming.clips import (
    DEFAULT_PATIENCE_S,
    open_address,
    open_camera,
    open_clip,
    open_piped,
)
from maskmesh.clients.streaming.frames import Entry, Frame, FrameProblem, Source
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import PICTURE_SUFFIXES, read_picture

ADDRESS_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://")
STANDARD_INPUT = "-"
# An animated GIF is a clip; all other kinds of pictures stand still.
STILL_SUFFIXES = PICTURE_SUFFIXES - {".gif"}
GLOB_CHARACTERS = frozenset("*?[")


class PictureSource:
    """Picture files, one after the other, as the frames of a video."""

    live = False

    def __init__(self, name: str, files: Sequence[Path], root: Path | None, fps: float) -> None:
        """Keep the list of files.

        Args:
            name: As the user named the source.
            files: The pictures, in order.
            root: Folder that the files are named relative to; None: they are named as they are.
            fps: How many pictures make a second.
        """
        self.name = name
        self.fps: float | None = fps
        self.total: int | None = len(files)
        self.note: str | None = None
        self.files = files
        self._root = root
        self._seconds_each = 1.0 / fps

    def entries(self) -> Iterator[Entry]:
        """Yield the pictures; one that cannot be read is a FrameProblem."""
        for index, path in enumerate(self.files):
            yield self._entry(path, index)

    def stop(self) -> None:
        """Nothing here waits."""

    def close(self) -> None:
        """Nothing is held open."""

    def _entry(self, path: Path, index: int) -> Entry:
        named = path if self._root is None else path.relative_to(self._root)
        file = named.as_posix()
        time_s = index * self._seconds_each
        try:
            rgb = read_picture(path)
        except (InvalidInputError, NotFoundError) as error:
            return FrameProblem(file, index, time_s, str(error))
        except OSError as error:
            return FrameProblem(file, index, time_s, f"cannot be read: {error.strerror}")
        return Frame(file, index, time_s, np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)))


def open_source(
    named: str, picture_fps: float = 10.0, patience_s: float = DEFAULT_PATIENCE_S
) -> Source:
    """Open what a user named.

    Args:
        named: A camera's number, a file (picture or clip), a folder of pictures, a pattern with
            *, ? or [], an rtsp://, http:// or https:// address, or - for a video that is piped
            in.
        picture_fps: How many pictures of a folder or pattern make a second.
        patience_s: How long to try to open a camera again that gives no more frames, in seconds.

    Raises:
        NotFoundError: There is no such camera, file or folder, or no picture in it.
        InvalidInputError: The file is neither a picture nor a clip.
        UnavailableError: Nothing answers at the address.
    """
    if not named.strip():
        raise InvalidInputError("no source is named: pass --source 0, a file, folder or address")
    if named == STANDARD_INPUT:
        return open_piped()
    if named.isdecimal():
        return open_camera(int(named), patience_s)
    if named.lower().startswith(ADDRESS_SCHEMES):
        return open_address(named, patience_s)
    return _open_path(named, picture_fps)


def _open_path(named: str, picture_fps: float) -> Source:
    path = Path(named)
    if path.is_dir():
        return PictureSource(named, pictures_in(path), path, picture_fps)
    if path.is_file():
        if path.suffix.lower() in STILL_SUFFIXES:
            return PictureSource(named, [path], path.parent, picture_fps)
        return open_clip(path, named)
    if GLOB_CHARACTERS.intersection(named):
        return _matching_pictures(named, picture_fps)
    raise NotFoundError(f"no file or folder {named}: check the path")


def pictures_in(folder: Path) -> list[Path]:
    """Return the picture files right in a folder, sorted by name.

    Raises:
        NotFoundError: There is none.
    """
    pictures = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()
    )
    if not pictures:
        raise NotFoundError(
            f"no pictures in {folder}: it needs files that end in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}"
        )
    return pictures


def _matching_pictures(pattern: str, picture_fps: float) -> PictureSource:
    # pathlib's glob takes no absolute patterns.
    matches = sorted(Path(match) for match in glob.glob(pattern, recursive=True))  # noqa: PTH207
    files = [path for path in matches if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()]
    if not files:
        raise NotFoundError(f"no pictures match {pattern}: check the pattern")
    return PictureSource(pattern, files, None, picture_fps)
