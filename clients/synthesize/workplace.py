"""Where a run keeps what it has made so far, so that it can go on after it was killed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from maskmesh.clients.synthesize.identity import differences
from maskmesh.clients.synthesize.tasks import Outcome
from maskmesh.services.runtime.errors import InvalidInputError

FOLDER_SUFFIX = ".unfinished"
IDENTITY, JOURNAL, PICTURES, PARTIAL, LOCK = "run.json", "journal", "made", "partial", "lock"


class Workplace:
    """A folder beside the destination: pictures made, and a journal of the tasks that are done.

    A picture is written aside and renamed, and only then is its task noted as done, so what a
    killed run leaves is whole. For one process at a time; a context manager, at whose end the
    folder goes if nothing was done.
    """

    def __init__(
        self, destination: Path, identity: Mapping[str, Any], overwrite: bool = False
    ) -> None:
        """Make the folder, or take up what an earlier run left there.

        Args:
            destination: What the run is to make.
            identity: All that decides what the run makes, as JSON has it.
            overwrite: Whether what another run left unfinished is given up.

        Raises:
            InvalidInputError: Another run did work there, or is at work there, or the folder is
                none of maskmesh's.
            OSError: The folder cannot be written.
        """
        self._folder = workplace_of(destination)
        self.pictures = self._folder / PICTURES
        self._places: dict[int, int] = {}
        self._folder.mkdir(parents=True, exist_ok=True)
        if any(self._folder.iterdir()) and not is_workplace(self._folder):
            raise InvalidInputError(
                f"{self._folder}, where {destination.name} would be made, is there, and maskmesh "
                "did not make it: move it elsewhere, or name another destination"
            )
        self._lock = self._take_lock()
        try:
            self._claim(identity, overwrite)
            self._journal: IO[bytes] = self._take_up_journal()
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._places and self._folder.is_dir():
            self.remove()
        self._journal.close()
        self._lock.close()

    @property
    def done(self) -> frozenset[int]:
        """Indices of the tasks that are done."""
        return frozenset(self._places)

    def lines(self, index: int) -> tuple[str, ...]:
        """Return the lines of the manifest of a task that is done."""
        self._journal.seek(self._places[index])
        _, *lines = json.loads(self._journal.readline())
        return tuple(lines)

    def keep(self, outcome: Outcome) -> None:
        """Write the pictures of a task, and note that it is done.

        Raises:
            OSError: The disk is full, or the folder cannot be written any more.
        """
        for picture in outcome.pictures:
            target = self.pictures / picture.output
            partial = self._folder / PARTIAL
            partial.write_bytes(picture.data)
            try:
                partial.replace(target)
            except FileNotFoundError:
                target.parent.mkdir(parents=True, exist_ok=True)
                partial.replace(target)
        self.note(outcome.index, outcome.lines)

    def note(self, index: int, lines: tuple[str, ...]) -> None:
        """Note that a task is done, and what its lines of the manifest are."""
        place = self._journal.seek(0, os.SEEK_END)
        self._journal.write(f"{json.dumps([index, *lines])}\n".encode())
        self._journal.flush()
        self._places[index] = place

    def remove(self) -> None:
        """Remove the folder, with all that is still in it."""
        _remove(self._folder)

    def _take_lock(self) -> IO[bytes]:
        lock = (self._folder / LOCK).open("wb")
        if not _take(lock):
            lock.close()
            raise InvalidInputError(
                f"another run is at work on {self._folder}: wait for its end, or name another "
                "destination"
            )
        return lock

    def _claim(self, identity: Mapping[str, Any], overwrite: bool) -> None:
        file, journal = self._folder / IDENTITY, self._folder / JOURNAL
        if file.exists():
            there = json.loads(file.read_text(encoding="utf-8"))
            changed = differences(there, identity)
            has_work = journal.exists() and journal.stat().st_size > 0
            if changed and has_work and not overwrite:
                raise InvalidInputError(
                    f"{self._folder} holds an unfinished run with {changed}: give the same to go "
                    "on with it, name another destination, or --overwrite"
                )
            if not changed and self.pictures.is_dir():
                return
            # Pictures first: without them, what the journal says is done is done again.
            shutil.rmtree(self.pictures, ignore_errors=True)
        journal.unlink(missing_ok=True)
        partial = self._folder / PARTIAL
        partial.write_text(json.dumps(identity), encoding="utf-8")
        partial.replace(file)
        self.pictures.mkdir(exist_ok=True)

    def _take_up_journal(self) -> IO[bytes]:
        journal = (self._folder / JOURNAL).open("a+b")
        journal.seek(0)
        whole = 0
        for line in journal:
            if not line.endswith(b"\n"):
                break
            self._places[json.loads(line)[0]] = whole
            whole += len(line)
        # A line that was cut off by a kill is of a task that is done again.
        journal.truncate(whole)
        return journal


def is_workplace(folder: Path) -> bool:
    """Tell whether a run made a folder, so that it may be removed."""
    return (folder / LOCK).is_file()


def remove_leftover(destination: Path) -> None:
    """Remove what a run left that was killed after its destination was finished.

    Nothing is done while another run is at work there.
    """
    folder = workplace_of(destination)
    if not is_workplace(folder):
        return
    with (folder / LOCK).open("wb") as lock:
        if _take(lock):
            _remove(folder)


def _take(lock: IO[bytes]) -> bool:
    """Take a lock, and tell whether that went well; it is held until the file is closed."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(folder: Path) -> None:
    # The lock last: by it the folder is known as a run's, should this be cut off by a kill.
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != LOCK:
            entry.unlink()
    (folder / LOCK).unlink()
    folder.rmdir()


def workplace_of(destination: Path) -> Path:
    """Return the folder in which a destination is made."""
    return destination.with_name(destination.name + FOLDER_SUFFIX)
