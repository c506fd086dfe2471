"""Where a stream's results go: the settings of it, checked before anything is opened."""

from __future__ import annotations

import importlib.util
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, Field

from maskmesh.clients.mesh.settings import LineSettings
from maskmesh.clients.streaming.csv_rows import CsvRows
from maskmesh.clients.streaming.frames import FrameProblem, Source
from maskmesh.clients.streaming.lines import STANDARD_OUTPUT, JsonLines
from maskmesh.clients.streaming.results import Outcome
from maskmesh.clients.streaming.runner import Sink, json_sink, video_sink
from maskmesh.clients.streaming.sources import PictureSource
from maskmesh.clients.streaming.video_sink import VideoSink
from maskmesh.clients.streaming.window import Window
from maskmesh.services.runtime.errors import InvalidInputError, SetupError


class OutputSettings(LineSettings):
    """The settings of a stream that say where its results go."""

    output: Path | None = Field(
        None, description="write the annotated clip here (.mp4, .webm, .mkv or .avi)"
    )
    json_file: Path | None = Field(
        None,
        validation_alias=AliasChoices("json"),
        description="write a JSON line a frame to this file; - is standard output",
    )
    csv_file: Path | None = Field(
        None,
        validation_alias=AliasChoices("csv"),
        description="write a row a face to this CSV file; - is standard output",
    )
    plot: Path | None = Field(
        None, description="draw expressions over time here at the end (.png, .svg or .pdf)"
    )
    window: bool = Field(
        False,
        description="show the annotated frames in a window, whatever else is written; Escape or q "
        "ends the run",
    )
    headless: bool = Field(
        False,
        description="never open a window; without it, one opens if there is a desktop and nothing "
        "is written",
    )

    @property
    def files(self) -> dict[str, Path]:
        """The files that are named, by their flags."""
        named = {
            "--output": self.output,
            "--json": self.json_file,
            "--csv": self.csv_file,
            "--plot": self.plot,
        }
        return {flag: path for flag, path in named.items() if path is not None}

    @property
    def wants_window(self) -> bool:
        """Whether a window is to be opened."""
        return self.window or (not (self.files or self.headless) and has_desktop())

    @property
    def uses_standard_output(self) -> bool:
        """Whether results go to standard output, so that nothing else may."""
        return STANDARD_OUTPUT in self.files.values()


def has_desktop() -> bool:
    """Return whether there seems to be a window system, and a Tk to use it."""
    is_there = sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY"))
    return is_there and importlib.util.find_spec("_tkinter") is not None


def check_outputs(settings: OutputSettings, source: str) -> None:
    """Refuse what cannot be meant, before source, mesh or files are opened.

    Raises:
        InvalidInputError: Two outputs are the same file, one is the source, or a window is both
            wanted and not.
        SetupError: A plot is wanted, and the packages for it are not installed.
    """
    if settings.window and settings.headless:
        raise InvalidInputError("--window and --headless contradict each other: pass one of them")
    taken: dict[Path, str] = {}
    for flag, path in settings.files.items():
        place = path if path == STANDARD_OUTPUT else path.resolve()
        if place in taken:
            raise InvalidInputError(
                f"{taken[place]} and {flag} both name {path}: give each a file of its own"
            )
        taken[place] = flag
    if Path(source).resolve() in taken:
        raise InvalidInputError(f"{source} is the source itself: name another file to write to")
    if settings.plot is not None and importlib.util.find_spec("matplotlib") is None:
        raise SetupError("--plot needs the package matplotlib: pip install 'maskmesh[report]'")


def open_sinks(settings: OutputSettings, source: Source, stack: ExitStack) -> list[Sink]:
    """Open the files that are named; the stack closes them.

    Raises:
        MaskmeshError: One cannot be written, is of an unknown kind, or is one of the pictures.
    """
    if isinstance(source, PictureSource):
        _spare_pictures(settings, source)
    sinks: list[Sink] = []
    if settings.output is not None:
        clip = VideoSink(settings.output, source.fps, keep_time=source.live)
        sinks.append(video_sink(stack.enter_context(clip)))
    if settings.json_file is not None:
        sinks.append(json_sink(stack.enter_context(JsonLines(settings.json_file))))
    if settings.csv_file is not None:
        sinks.append(json_sink(stack.enter_context(CsvRows(settings.csv_file))))
    if settings.plot is not None:
        # Only now: Matplotlib takes time to load, and may not be installed.
        from maskmesh.clients.report.still import StillPlot  # noqa: PLC0415

        sinks.append(json_sink(stack.enter_context(StillPlot(settings.plot))))
    return sinks


def window_sink(window: Window) -> Sink:
    """Return a sink that shows annotated pictures."""

    def show(outcome: Outcome, picture: NDArray[np.uint8] | None) -> None:
        if picture is not None and not isinstance(outcome, FrameProblem):
            window.show(picture, outcome.frame.bgr)

    return show


def _spare_pictures(settings: OutputSettings, source: PictureSource) -> None:
    pictures = {path.resolve() for path in source.files}
    for flag, path in settings.files.items():
        if path.resolve() in pictures:
            raise InvalidInputError(f"{flag} names {path}, a picture of the source: name another")
