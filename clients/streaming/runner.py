"""Runs frames through a pipeline into sinks, with a status line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.streaming.drawing import annotated
from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.lines import frame_line
from maskmesh.clients.streaming.pipeline import FramePipeline
from maskmesh.clients.streaming.reader import FrameReader
from maskmesh.clients.streaming.results import Outcome
from maskmesh.clients.streaming.statistics import RunStatistics
from maskmesh.clients.streaming.status import StatusLine
from maskmesh.clients.streaming.video_sink import VideoSink

MOST_TOLD = 10
"""How many frames that could not be used are told one by one."""

Sink = Callable[[Outcome, NDArray[np.uint8] | None], None]
"""Takes each outcome with its annotated picture, B, G, R; None where there is no picture."""


def run_frames(
    reader: FrameReader,
    pipeline: FramePipeline,
    sinks: Sequence[Sink],
    status: StatusLine,
    draw: bool = True,
) -> RunStatistics:
    """Run until the source ends or the reader is stopped.

    Args:
        reader: Where frames come from.
        pipeline: What is made of them.
        sinks: Where outcomes go.
        status: Shows how it goes; problems are told there as they come.
        draw: Whether any sink needs annotated pictures.

    Returns:
        What was counted and measured.

    Raises:
        MaskmeshError: The source or the mesh failed for good; what was written so far stays.
    """
    statistics = RunStatistics()
    statistics.start()
    for outcome in pipeline.run(reader):
        statistics.add(outcome)
        picture = None
        if isinstance(outcome, FrameProblem):
            _tell(outcome, statistics.problems, status)
        elif draw:
            picture = annotated(outcome.frame.bgr, outcome.faces)
        for sink in sinks:
            sink(outcome, picture)
        status.update(outcome, reader.dropped)
    return statistics


def _tell(problem: FrameProblem, number: int, status: StatusLine) -> None:
    if number <= MOST_TOLD:
        status.say(f"{problem.file}, frame {problem.index}: {problem.message}")
    elif number == MOST_TOLD + 1:
        status.say("more frames that could not be used are only counted here")


class TakesLines(Protocol):
    """What does something with the JSON line of each frame: JsonLines, CsvRows, StillPlot."""

    def write(self, line: dict[str, Any]) -> None:
        """Take one line."""
        ...


def json_sink(lines: TakesLines) -> Sink:
    """Return a sink that hands on a JSON line for each outcome."""

    def write(outcome: Outcome, picture: NDArray[np.uint8] | None) -> None:  # noqa: ARG001
        lines.write(frame_line(outcome))

    return write


def video_sink(clip: VideoSink) -> Sink:
    """Return a sink that adds annotated pictures to a clip."""

    def write(outcome: Outcome, picture: NDArray[np.uint8] | None) -> None:
        if picture is not None and not isinstance(outcome, FrameProblem):
            clip.write(picture, outcome.frame.time_s, outcome.frame.bgr)

    return write
