"""`maskmesh annotate`: its settings, and what it does with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from maskmesh.clients.annotate.analysis import AnalysedPicture, Mesh, analyse
from maskmesh.clients.annotate.outputs import PictureFolder
from maskmesh.clients.inputs import PictureInput, PictureInputs
from maskmesh.clients.mesh.access import mesh_access
from maskmesh.clients.mesh.client import Service
from maskmesh.clients.mesh.settings import LineSettings
from maskmesh.clients.streaming.lines import STANDARD_OUTPUT, JsonLines
from maskmesh.clients.wording import counted
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.observing.tracing import traced

NEEDED: tuple[Service, ...] = ("location", "classification")


class AnnotateSettings(LineSettings, section="annotate"):
    """Annotate independent pictures: a JSON line a picture, and pictures if wanted."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    src: CliPositionalArg[Path] = Field(
        description="picture, folder of pictures (with the folders in it), or zip"
    )
    json_file: Path = Field(
        STANDARD_OUTPUT,
        validation_alias=AliasChoices("json"),
        description="write a JSON line a picture to this file; - is standard output",
    )
    output: Path | None = Field(None, description="write annotated pictures to this folder")
    mesh: str | None = Field(
        None, description="HOST:PORT of a running mesh; default: start one for this run"
    )
    in_flight: int = Field(4, ge=1, le=64, description="how many pictures are under way at once")
    log_file: Path | None = Field(
        None, description="where a mesh of our own logs; default: a temporary file"
    )


@dataclass(slots=True)
class AnnotateCounts:
    """What a run came to."""

    pictures: int = 0
    faces: int = 0
    errors: int = 0

    def add(self, picture: AnalysedPicture) -> None:
        """Count one picture."""
        self.pictures += 1
        self.faces += len(picture.faces)
        self.errors += picture.error is not None

    def __str__(self) -> str:
        numbers = (self.pictures, "picture"), (self.faces, "face"), (self.errors, "error")
        return ", ".join(counted(count, noun) for count, noun in numbers)


def run_annotate(settings: AnnotateSettings) -> AnnotateCounts:
    """Annotate as the settings say, show how it goes, and tell what it came to.

    Raises:
        MaskmeshError: Source, outputs or mesh cannot be used. A single picture that cannot be
            used is a line with an error, and the run goes on.
    """
    notices = Console(stderr=True)
    _refuse_overwriting(settings)
    counts = AnnotateCounts()
    last_error = ""
    with ExitStack() as stack:
        inputs = stack.enter_context(PictureInputs(settings.src))
        left_out = [entry for entry in inputs.left_out if not entry.is_hidden]
        if left_out:
            notices.print(
                f"left out {counted(len(left_out), 'file')}, e.g. {left_out[0].file}: "
                f"{left_out[0].reason}",
                markup=False,
                highlight=False,
            )
        folder = PictureFolder(settings.output) if settings.output else None
        lines = stack.enter_context(JsonLines(settings.json_file))
        stack.enter_context(traced("annotate", settings.traces_to))
        with notices.status("waiting for the mesh" if settings.mesh else "starting a mesh"):
            access = stack.enter_context(
                mesh_access(settings.mesh, NEEDED, settings.log_file, security=settings.security)
            )
        progress = stack.enter_context(_progress(notices))
        task = progress.add_task("annotate", total=len(inputs.pictures))
        for picture in analyse_all(
            inputs.pictures, access.client, settings.in_flight, folder is not None
        ):
            counts.add(picture)
            last_error = picture.error or last_error
            if folder is not None:
                folder.write(picture)
            lines.write(picture.line)
            progress.advance(task)
    results = Console(stderr=settings.json_file == STANDARD_OUTPUT)
    results.print(str(counts), markup=False, highlight=False, soft_wrap=True)
    if counts.pictures and counts.errors == counts.pictures:
        raise InvalidInputError(f"no picture of {settings.src} could be used: {last_error}")
    return counts


def analyse_all(
    pictures: Sequence[PictureInput], mesh: Mesh, in_flight: int, keep_pixels: bool
) -> Iterator[AnalysedPicture]:
    """Analyse pictures, several at once, and yield the results in the order of the pictures.

    Args:
        pictures: The pictures.
        mesh: What locates and classifies; called from several threads.
        in_flight: How many are under way at once; no more are held in memory.
        keep_pixels: Whether results are to hold the pixels.

    Raises:
        UnavailableError: The mesh went away.
    """
    under_way: deque[Future[AnalysedPicture]] = deque()
    with ThreadPoolExecutor(in_flight, thread_name_prefix="annotate") as pool:
        try:
            for picture in pictures:
                under_way.append(pool.submit(analyse, picture, mesh, keep_pixels))
                if len(under_way) >= in_flight:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def _refuse_overwriting(settings: AnnotateSettings) -> None:
    source = settings.src.resolve()
    if settings.json_file != STANDARD_OUTPUT and settings.json_file.resolve() == source:
        raise InvalidInputError(f"{settings.json_file} is the source itself: name another file")
    if settings.output is None:
        return
    output = settings.output.resolve()
    folder = source if source.is_dir() else source.parent
    # Annotated pictures inside the source would be annotated again by the next run.
    if output == folder or (source.is_dir() and folder in output.parents):
        raise InvalidInputError(
            f"{settings.output} lies in the source's folder: name a folder elsewhere with --output"
        )


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
