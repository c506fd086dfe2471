"""A still picture of expressions over time, drawn while a stream runs and written at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maskmesh.clients.closing import ClosedAtEnd
from maskmesh.clients.report.figures import people_timelines
from maskmesh.clients.report.records import Record
from maskmesh.clients.report.tally import Tally
from maskmesh.clients.report.themes import LIGHT, WIDE, drawn_in
from maskmesh.services.runtime.errors import InvalidInputError, SetupError

SUFFIXES = (".png", ".svg", ".pdf")
MOST_PEOPLE_DRAWN = 6
DOTS_PER_INCH = 150


class StillPlot(ClosedAtEnd):
    """A plot of the people seen most, written however the run ends; a context manager."""

    def __init__(self, path: Path) -> None:
        """Make sure that it can be written.

        Args:
            path: The picture: .png, .svg or .pdf.

        Raises:
            InvalidInputError: The suffix is none of these.
            SetupError: It cannot be written.
        """
        if path.suffix.lower() not in SUFFIXES:
            raise InvalidInputError(
                f"{path} is no plot that can be written: use one of {', '.join(SUFFIXES)}"
            )
        self._path = path
        self._tally = Tally()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab"):
                pass
        except OSError as error:
            raise self._cannot_write(error) from error

    def write(self, line: dict[str, Any]) -> None:
        """Count the JSON line of one frame."""
        self._tally.add(Record.model_validate(line))

    def close(self) -> None:
        """Draw what was counted, and write it.

        Raises:
            SetupError: It cannot be written.
        """
        people = self._tally.most_seen(MOST_PEOPLE_DRAWN)
        with drawn_in(LIGHT):
            figure = people_timelines(self._tally, people, LIGHT, WIDE)
            try:
                figure.savefig(self._path, dpi=DOTS_PER_INCH)
            except OSError as error:
                raise self._cannot_write(error) from error

    def _cannot_write(self, error: OSError) -> SetupError:
        return SetupError(
            f"cannot write {self._path} ({error.strerror}): name another file with --plot"
        )
