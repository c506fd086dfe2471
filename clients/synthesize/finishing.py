"""The last step of a run: what was made becomes the destination, all at once."""

from __future__ import annotations

import zipfile
from pathlib import Path

from maskmesh.clients.synthesize.destinations import ZIP_SUFFIX, check_replaceable

EARLIEST = (1980, 1, 1, 0, 0, 0)
PACKED, REPLACED = "packed", "replaced"


def publish(made: Path, destination: Path) -> None:
    """Move what was made to the destination, or pack it, replacing an earlier run's.

    What is replaced lies beside `made` until whoever owns that folder removes it.

    Args:
        made: Folder of all that belongs there, on the same file system.
        destination: A folder, or a zip by its suffix.

    Raises:
        InvalidInputError: Meanwhile something lies there that no run made.
        OSError: The disk is full, or the destination cannot be written.
    """
    check_replaceable(destination)
    if destination.suffix.lower() == ZIP_SUFFIX:
        partial = made.with_name(PACKED)
        _pack(made, partial)
        partial.replace(destination)
        return
    if destination.is_dir():
        destination.rename(made.with_name(REPLACED))
    made.rename(destination)


def _pack(made: Path, target: Path) -> None:
    """Pack a folder so that the same content gives the same bytes."""
    names = sorted(file.relative_to(made).as_posix() for file in made.rglob("*") if file.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (made / name).read_bytes())
