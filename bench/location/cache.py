"""What detectors found, kept on disk, so that a run can be stopped and taken up again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from maskmesh.bench.location.detectors import Detector
from maskmesh.bench.location.found import Found, Search
from maskmesh.bench.location.photos import Photo


class _Record(BaseModel):
    """One line of the file: what one version of a detector found in one photo."""

    version: str
    crc: str
    found: list[Found]


class FoundCache:
    """The results of one detector, a JSON line a photo, written as soon as they are there.

    Lines of another version of the detector, and one that a stopped run left unfinished, are
    dropped when the file is opened.
    """

    def __init__(self, folder: Path, detector: Detector) -> None:
        """Read what is there.

        Args:
            folder: Holds one file for each detector; made if it is missing.
            detector: Whose results these are.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{detector.name}.jsonl"
        self._version = detector.version()
        self._found: dict[str, list[Found]] = {}
        if self._file.exists():
            for record in _parse(self._file.read_text(encoding="utf-8").splitlines()):
                if record.version == self._version:
                    self._found[record.crc] = record.found
            self._rewrite()

    def __contains__(self, photo: Photo) -> bool:
        return photo.crc in self._found

    def search(self, photo: Photo, search: Search) -> list[Found]:
        """Return what is known of a photo; search it first if that is nothing.

        Raises:
            InvalidInputError: The photo cannot be read.
        """
        crc = photo.crc
        if crc not in self._found:
            self._found[crc] = search(photo.gray())
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(self._line(crc))
        return self._found[crc]

    def _line(self, crc: str) -> str:
        record = _Record(version=self._version, crc=crc, found=self._found[crc])
        return record.model_dump_json() + "\n"

    def _rewrite(self) -> None:
        partial = self._file.with_suffix(".partial")
        partial.write_text("".join(map(self._line, self._found)), encoding="utf-8")
        partial.replace(self._file)


def _parse(lines: Iterable[str]) -> Iterator[_Record]:
    for line in lines:
        try:
            yield _Record.model_validate_json(line)
        except ValidationError:
            # Cut short when a run was stopped: the photo is searched again.
            continue
