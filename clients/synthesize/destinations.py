"""What lies at a destination before a run: nothing, a finished run's result, or a user's files."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskmesh.clients.synthesize.identity import differences
from maskmesh.clients.synthesize.lines import WRITTEN
from maskmesh.clients.synthesize.reports import MANIFEST, SUMMARY
from maskmesh.clients.synthesize.sheets import sheet_names
from maskmesh.clients.wording import counted
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.pictures import PICTURE_SUFFIXES

ZIP_SUFFIX = ".zip"
OTHER_ARCHIVES = (
    ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar",
)  # fmt: skip
# What file managers leave in every folder that is looked at.
UNMINDED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """The result of a run that came to its end.

    Attributes:
        summary: As the run wrote it.
        missing: Files that the run made and that are gone, sorted.
        foreign: Files there that the run did not make, sorted.
        has_manifest: Whether it can be told at all which files the run made.
    """

    summary: dict[str, Any]
    missing: tuple[str, ...]
    foreign: tuple[str, ...]
    has_manifest: bool

    @property
    def masked(self) -> int:
        """How many faces got a mask."""
        return int(self.summary["faces"].get(WRITTEN, 0))


def finished_run(destination: Path) -> FinishedRun | None:
    """Return what the finished run that made a destination left there; None if none did."""
    try:
        if destination.is_dir():
            return _in_folder(destination)
        with zipfile.ZipFile(destination) as archive:
            names = frozenset(archive.namelist())
            manifest = archive.read(MANIFEST) if MANIFEST in names else None
            return _finished(archive.read(SUMMARY), manifest, names)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def check_place(source: Path, destination: Path) -> None:
    """Raise InvalidInputError unless a destination can be made there, whatever lies there now.

    Args:
        source: Of the run.
        destination: Of the run.
    """
    inside, outside = destination.resolve(), source.resolve()
    if inside == outside:
        raise InvalidInputError(
            f"{destination} is the source itself: name another destination, nothing is masked in "
            "place"
        )
    if inside in outside.parents or outside in inside.parents:
        which = "lies in" if outside in inside.parents else "holds"
        raise InvalidInputError(
            f"the destination {destination} {which} the source {source}: name one elsewhere"
        )
    there = next(parent for parent in inside.parents if os.path.lexists(parent))
    if not there.is_dir():
        raise InvalidInputError(
            f"{there} is a file, no folder that {destination} could lie in: name another "
            "destination"
        )
    _check_name(destination)


def check_replaceable(destination: Path) -> None:
    """Raise InvalidInputError if something lies there that no run of maskmesh made."""
    if _is_free(destination):
        return
    there = finished_run(destination)
    if there is None:
        raise InvalidInputError(
            f"{destination} is there, and maskmesh did not make it, so not even --overwrite "
            "replaces it: name another destination"
        )
    if not there.has_manifest:
        raise InvalidInputError(
            f"the {MANIFEST} of {destination} is gone, which tells maskmesh's files from yours: "
            "remove it yourself, or name another destination"
        )
    if there.foreign:
        raise InvalidInputError(
            f"{destination} holds {counted(len(there.foreign), 'file')} that maskmesh did not "
            f"make, e.g. {there.foreign[0]}: --overwrite would remove what is yours; move it "
            "elsewhere, or name another destination"
        )


def check_destination(
    destination: Path, identity: Mapping[str, Any], overwrite: bool
) -> dict[str, Any] | None:
    """Return the summary if the destination is finished already, None if it is to be made.

    Args:
        destination: Of the run, see `check_place`.
        identity: All that decides the run's result.
        overwrite: Whether another finished run's result may be replaced; one without a single
            masked face always may.

    Raises:
        InvalidInputError: What is there must not be replaced, or is no longer whole.
    """
    if _is_free(destination):
        return None
    there = finished_run(destination)
    changed = differences(there.summary["run"], identity) if there else ""
    if there is None or overwrite or (changed and not there.masked):
        check_replaceable(destination)
        return None
    if changed:
        raise InvalidInputError(
            f"{destination} is finished, by a run with {changed}: name another destination, or "
            "--overwrite it"
        )
    if there.missing:
        raise InvalidInputError(
            f"{destination} was finished, but {counted(len(there.missing), 'file')} of it "
            f"{'is' if len(there.missing) == 1 else 'are'} missing now, e.g. {there.missing[0]}: "
            f"{'--overwrite' if there.has_manifest else 'remove the rest'} to make it anew"
        )
    return there.summary


def _check_name(destination: Path) -> None:
    suffix = destination.suffix.lower()
    if destination.is_dir():
        if suffix == ZIP_SUFFIX:
            raise InvalidInputError(
                f"{destination} is a folder, though called like a zip: name another destination"
            )
    elif suffix in OTHER_ARCHIVES:
        raise InvalidInputError(
            f"{destination} cannot be made, of archives only .zip can: name one, or a folder"
        )
    elif suffix in PICTURE_SUFFIXES:
        raise InvalidInputError(
            f"{destination}: name a folder or a .zip; pictures in it are called as in the source"
        )


def _is_free(destination: Path) -> bool:
    is_empty = destination.is_dir() and not any(destination.iterdir())
    return is_empty or not os.path.lexists(destination)


def _in_folder(folder: Path) -> FinishedRun | None:
    manifest = folder / MANIFEST
    return _finished(
        (folder / SUMMARY).read_bytes(),
        manifest.read_bytes() if manifest.is_file() else None,
        frozenset(
            file.relative_to(folder).as_posix()
            for file in folder.rglob("*")
            if file.is_symlink() or not file.is_dir()
        ),
    )


def _finished(summary: bytes, manifest: bytes | None, names: frozenset[str]) -> FinishedRun | None:
    told = json.loads(summary)
    if not isinstance(told, dict) or "run" not in told:
        return None
    made = {MANIFEST, SUMMARY}
    made.update(sheet_names(name for name, of in told["classes"].items() if WRITTEN in of).values())
    for line in (manifest or b"").splitlines():
        output = json.loads(line)["output"]
        if output is not None:
            made.add(output)
    foreign = [name for name in names - made if name.rpartition("/")[2] not in UNMINDED]
    return FinishedRun(
        told, tuple(sorted(made - names)), tuple(sorted(foreign)), manifest is not None
    )
