"""The last step of a run: what was made becomes the destination, all at once."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maskmesh.clients.synthesize.reports import SUMMARY
from maskmesh.services.runtime.errors import InvalidInputError

ZIP_SUFFIX = ".zip"
EARLIEST = (1980, 1, 1, 0, 0, 0)


def publish(made: Path, destination: Path) -> None:
    """Move what was made to the destination, or pack it, replacing an earlier run's.

    Args:
        made: Folder of all that belongs there, on the same file system.
        destination: A folder, or a zip by its suffix.

    Raises:
        OSError: The disk is full, or the destination cannot be written.
    """
    if destination.suffix.lower() == ZIP_SUFFIX:
        partial = made.with_name("packed")
        _pack(made, partial)
        partial.replace(destination)
        return
    if destination.is_dir():
        shutil.rmtree(destination)
    made.rename(destination)


def finished_run(destination: Path) -> dict[str, Any] | None:
    """Return the summary of the finished run that made a destination; None if none did."""
    try:
        if destination.is_dir():
            text = (destination / SUMMARY).read_bytes()
        else:
            with zipfile.ZipFile(destination) as archive:
                text = archive.read(SUMMARY)
        summary = json.loads(text)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    return summary if isinstance(summary, dict) and "run" in summary else None


def check_destination(
    source: Path, destination: Path, identity: Mapping[str, Any], overwrite: bool
) -> dict[str, Any] | None:
    """Return the summary if the destination is finished already, None if it is to be made.

    Args:
        source: Of the run.
        destination: Of the run.
        identity: All that decides the run's result.
        overwrite: Whether another finished run's result may be replaced.

    Raises:
        InvalidInputError: Source and destination overlap, or what is there must not be replaced.
    """
    inside, outside = destination.resolve(), source.resolve()
    if inside == outside or inside in outside.parents or outside in inside.parents:
        raise InvalidInputError(
            f"{destination} and the source {source} lie in each other: name another destination"
        )
    there = finished_run(destination)
    if there is not None and there["run"] == dict(identity) and not overwrite:
        return there
    is_empty = destination.is_dir() and not any(destination.iterdir())
    if os.path.lexists(destination) and not is_empty and (there is None or not overwrite):
        advice = "name another" if there is None else "name another, or --overwrite it"
        raise InvalidInputError(f"{destination} is there and holds something else: {advice}")
    return None


def _pack(made: Path, target: Path) -> None:
    """Pack a folder so that the same content gives the same bytes."""
    names = sorted(file.relative_to(made).as_posix() for file in made.rglob("*") if file.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (made / name).read_bytes())
