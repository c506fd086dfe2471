"""Result lines of `maskmesh stream` and `maskmesh annotate`, read back and checked one by one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.expressions import EXPRESSIONS

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes. A line of a frame with a hundred faces has some 40,000; what is longer is no result."""


def _printable(value: object) -> object:
    # Names that are no UTF-8 come as lone surrogates, which no page can hold.
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


Text = Annotated[str, BeforeValidator(_printable)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class FaceRecord(BaseModel):
    """One face of a line.

    Attributes:
        track: Number of the person, from 1; None in independent pictures.
        label: The expression that was shown.
        probabilities: One for each of the seven expressions, 0 to 1.
        mask: Probability that a mask is worn, 0 to 1.
    """

    model_config = ConfigDict(frozen=True)

    track: Annotated[int, Field(ge=0)] | None = None
    label: str
    probabilities: dict[str, Probability]
    mask: Probability

    @model_validator(mode="after")
    def _knows_the_seven(self) -> Self:
        if set(self.probabilities) != set(EXPRESSIONS) or self.label not in EXPRESSIONS:
            raise ValueError(f"a face needs a label and probabilities of {', '.join(EXPRESSIONS)}")
        return self


class Record(BaseModel):
    """One line: a frame of a stream (it has a time) or an independent picture.

    Attributes:
        file: Where it comes from; not safe to put into a page unescaped.
        frame: Number of the frame, from 0; None in independent pictures.
        time_s: Seconds since the source's first frame; None in pictures and in errors.
        delay_ms: From the camera to the answer, in milliseconds; None where it was not measured.
        faces: What was found.
        error: Why nothing could be found; None: it could.
    """

    model_config = ConfigDict(frozen=True)

    file: Text
    frame: Annotated[int, Field(ge=0)] | None = None
    time_s: Seconds | None = None
    delay_ms: Seconds | None = None
    faces: tuple[FaceRecord, ...] = ()
    error: Text | None = None


class RecordFile:
    """The lines of a file, or of standard input, one after the other.

    Attributes:
        cut_off: Whether the last line was cut off and left out, as when a run is killed; known
            once all lines are read.
    """

    def __init__(self, path: Path) -> None:
        """Keep the name; "-" is standard input.

        Raises:
            NotFoundError: There is no such file.
        """
        self._path = path
        self._is_input = path == Path("-")
        if not self._is_input and not path.is_file():
            raise NotFoundError(f"no file {path}: name what `maskmesh stream --json FILE` wrote")
        self.name = "standard input" if self._is_input else str(path)
        self.cut_off = False

    def __iter__(self) -> Iterator[tuple[int, Record]]:
        """Yield each line's number, from 1, and what it says; empty lines are passed over.

        Raises:
            InvalidInputError: A line is no result; only the very last one may be cut off.
        """
        stream = sys.stdin.buffer if self._is_input else self._path.open("rb")
        try:
            yield from self._records(stream)
        finally:
            if not self._is_input:
                stream.close()

    def _records(self, stream: IO[bytes]) -> Iterator[tuple[int, Record]]:
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            if not line.strip():
                continue
            # Each line ends with a newline; without one it is the last, and was cut off or is long.
            is_whole = line.endswith(b"\n")
            try:
                yield number, self._parse(line, number)
            except _NoJsonError as error:
                if is_whole or number == 1 or stream.read(1):
                    raise InvalidInputError(str(error)) from error
                self.cut_off = True
                return

    def _parse(self, line: bytes, number: int) -> Record:
        where = f"{self.name}, line {number}"
        try:
            content = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _NoJsonError(f"{where} is no JSON: {_what_to_give()}") from error
        try:
            return Record.model_validate(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the line"
            raise InvalidInputError(
                f"{where} is no result ({place}: {first['msg']}): {_what_to_give()}"
            ) from error


class _NoJsonError(Exception):
    """A line is no JSON at all, as one that was cut off."""


def _what_to_give() -> str:
    return "give a file that `maskmesh stream --json` or `maskmesh annotate --json` wrote"
