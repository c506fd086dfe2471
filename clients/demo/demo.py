"""`maskmesh demo`: its settings, and what it does with them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from rich.console import Console
from rich.table import Table

from maskmesh.clients.demo.checks import ClipCheck
from maskmesh.clients.demo.contact_sheet import ContactSheet
from maskmesh.clients.demo.sample import SAMPLE_CLIP, sample_passages
from maskmesh.clients.mesh.access import mesh_access
from maskmesh.clients.streaming.lines import JsonLines
from maskmesh.clients.streaming.pipeline import FramePipeline
from maskmesh.clients.streaming.reader import FrameReader
from maskmesh.clients.streaming.results import FrameResult, Outcome
from maskmesh.clients.streaming.runner import json_sink, run_frames, video_sink
from maskmesh.clients.streaming.smoothing import TrackSmoother
from maskmesh.clients.streaming.sources import open_source
from maskmesh.clients.streaming.statistics import RunStatistics
from maskmesh.clients.streaming.status import StatusLine
from maskmesh.clients.streaming.stopping import StopOnSignal
from maskmesh.clients.streaming.video_sink import VideoSink
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.settings import CommandSettings


class DemoSettings(CommandSettings, section="demo"):
    """Boot a mesh, annotate a clip of real faces, and say where the results lie."""

    output: Path = Field(Path("out/demo"), description="folder that the results are written to")


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the results of a demo lie."""

    folder: Path

    @property
    def clip(self) -> Path:
        """The annotated clip."""
        return self.folder / "annotated.mp4"

    @property
    def lines(self) -> Path:
        """A JSON line a frame."""
        return self.folder / "results.jsonl"

    @property
    def sheet(self) -> Path:
        """Twelve annotated frames in one picture."""
        return self.folder / "contact_sheet.png"

    @property
    def log(self) -> Path:
        """What the services logged."""
        return self.folder / "services.log"


def run_demo(settings: DemoSettings) -> None:
    """Show on the shipped clip what a mesh does, and tell what was measured.

    Raises:
        MaskmeshError: The mesh does not start, or the results cannot be written.
    """
    console = Console()
    notices = Console(stderr=True)
    files = DemoFiles(settings.output)
    try:
        files.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"cannot write to {files.folder} ({error.strerror}): name another folder with --output"
        ) from error
    check = ClipCheck(sample_passages())
    sheet = ContactSheet(check.passages[-1].last + 1)
    with notices.status("starting the three services"):
        stack = ExitStack()
        access = stack.enter_context(mesh_access(None, log_file=files.log))
    with stack:
        pipeline = FramePipeline(access.client, access.client, smoother=TrackSmoother())
        statistics, stopped = _stream(pipeline, files, check, sheet, notices)
    sheet.write(files.sheet)
    if stopped:
        console.print("stopped early: what follows is of the frames until then")
    _report(console, files, statistics, check)


def _stream(
    pipeline: FramePipeline,
    files: DemoFiles,
    check: ClipCheck,
    sheet: ContactSheet,
    notices: Console,
) -> tuple[RunStatistics, bool]:
    def observe(outcome: Outcome, picture: NDArray[np.uint8] | None) -> None:
        check.add(outcome)
        if isinstance(outcome, FrameResult) and picture is not None:
            sheet.add(outcome.frame.index, outcome.frame.time_s, picture)

    source = open_source(str(SAMPLE_CLIP))
    # Whoever reads the results has no use for where this installation lies.
    source.name = SAMPLE_CLIP.name
    with ExitStack() as stack:
        clip = stack.enter_context(VideoSink(files.clip, source.fps, keep_time=False))
        lines = stack.enter_context(JsonLines(files.lines))
        reader = FrameReader(source)
        stop = stack.enter_context(StopOnSignal(reader.stop))
        status = stack.enter_context(StatusLine(notices, source.total))
        stack.enter_context(reader)
        sinks = [video_sink(clip), json_sink(lines), observe]
        return run_frames(reader, pipeline, sinks, status), stop.requested


def _report(
    console: Console, files: DemoFiles, statistics: RunStatistics, check: ClipCheck
) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("annotated clip", str(files.clip))
    table.add_row("contact sheet", str(files.sheet))
    table.add_row("a JSON line a frame", str(files.lines))
    table.add_row("log of the services", str(files.log))
    rate = f"{statistics.frames} in {statistics.seconds:.1f} s, {statistics.fps:.1f} a second"
    table.add_row("frames", rate)
    for stage, milliseconds in statistics.stage_medians().items():
        table.add_row(stage, f"{milliseconds:.1f} ms a frame (median)")
    table.add_row("all faces found", _share(check.frames_with_all, check.frames, "frames"))
    table.add_row("mask state right", _share(check.mask_right, check.faces, "found faces"))
    labels = [f"{label} {count}" for label, count in statistics.labels.most_common()]
    table.add_row("labels given", ", ".join(labels) or "none")
    if statistics.problems:
        table.add_row("frames not usable", str(statistics.problems))
    console.print(table)


def _share(part: int, whole: int, what: str) -> str:
    share = f" ({part / whole:.0%})" if whole else ""
    return f"in {part} of {whole} {what}{share}"
