"""`maskmesh synthesize`: from a source to a masked data set."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Task as Bar,
)
from rich.text import Text

from maskmesh.clients.inputs import PictureInputs
from maskmesh.clients.synthesize.finishing import check_destination, publish
from maskmesh.clients.synthesize.lines import SKIPPED, WRITTEN
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.reports import MANIFEST, write_reports
from maskmesh.clients.synthesize.settings import SynthesizeSettings
from maskmesh.clients.synthesize.sources import Planned, fingerprint, plan, tasks
from maskmesh.clients.synthesize.tasks import Outcome, Task
from maskmesh.clients.synthesize.workplace import Workplace, workplace_of
from maskmesh.services.runtime.errors import InvalidInputError


def run_synthesize(settings: SynthesizeSettings) -> dict[str, Any]:
    """Make the destination, show how it goes, and tell what came of it.

    Returns:
        The run's summary.

    Raises:
        MaskmeshError: Source, destination or settings cannot be used, or a mode cannot do its
            work. A picture that cannot be masked is a line of the manifest, and the run goes on.
        OSError: The disk is full, or the destination cannot be written; what is done is kept.
    """
    console = Console(stderr=True)
    recipe = settings.recipe
    _check(settings)
    with PictureInputs(settings.src) as inputs:
        identity = {**recipe.described(), "source": fingerprint(inputs)}
        summary = check_destination(settings.src, settings.dst, identity, settings.overwrite)
        if summary is None:
            planned = plan(inputs, recipe)
            if settings.overwrite:
                shutil.rmtree(workplace_of(settings.dst), ignore_errors=True)
            with Workplace(settings.dst, identity) as workplace:
                _make(settings, planned, workplace, console)
                lines = _lines(planned, workplace)
                console.print("writing manifest, summary and contact sheets", highlight=False)
                summary = write_reports(lines, identity, workplace.pictures)
                publish(workplace.pictures, settings.dst)
                workplace.remove()
        else:
            shutil.rmtree(workplace_of(settings.dst), ignore_errors=True)
    _tell(settings.dst, summary)
    return summary


def _check(settings: SynthesizeSettings) -> None:
    # Needs the extra "synthesis", which the mesh mode does without.
    if settings.mode != "mesh":
        from maskmesh.clients.synthesize.local_hands import check_recipe  # noqa: PLC0415

        check_recipe(settings.recipe)
    elif settings.predictor_path is not None or settings.mask:
        raise InvalidInputError(
            "a predictor or masks of your own cannot be sent over the mesh: use --mode local"
        )


def _make(
    settings: SynthesizeSettings, planned: Sequence[Planned], workplace: Workplace, console: Console
) -> None:
    """Do all tasks that are not done yet."""
    total = sum(entry.picture is not None for entry in planned)
    with ExitStack() as stack:
        progress = stack.enter_context(_progress(console))
        bar = progress.add_task("masking", total=total, completed=len(workplace.done))

        def readable() -> Iterator[Task]:
            for task in tasks(planned, workplace.done):
                if isinstance(task, Task):
                    yield task
                else:
                    index, line = task
                    workplace.note(index, (line,))
                    progress.advance(bar)

        for outcome in _outcomes(settings, readable(), settings.recipe):
            workplace.keep(outcome)
            progress.advance(bar)


def _outcomes(
    settings: SynthesizeSettings, todo: Iterable[Task], recipe: Recipe
) -> Iterator[Outcome]:
    # Each mode needs packages that the others do without.
    if settings.mode == "local":
        from maskmesh.clients.synthesize.local_mode import run_local  # noqa: PLC0415

        return run_local(todo, recipe, settings.workers)
    if settings.mode == "ray":
        from maskmesh.clients.synthesize.local_hands import Maker  # noqa: PLC0415
        from maskmesh.clients.synthesize.ray_mode import run_ray  # noqa: PLC0415

        return run_ray(todo, recipe, settings.workers, Maker)
    from maskmesh.clients.synthesize.mesh_mode import run_mesh  # noqa: PLC0415

    return run_mesh(todo, recipe, settings.workers, settings.mesh, settings.log_file)


def _lines(planned: Sequence[Planned], workplace: Workplace) -> Iterator[str]:
    """Return all lines of the manifest, in the order of the source."""
    for index, entry in enumerate(planned):
        if entry.picture is None:
            yield entry.line
        else:
            yield from workplace.lines(index)


def _tell(destination: Path, summary: Mapping[str, Any]) -> None:
    faces = summary["faces"]
    told = f"{destination}: {faces.get(WRITTEN, 0)} faces masked, {faces.get(SKIPPED, 0)} skipped"
    reasons = [f"  {count} × {reason}" for reason, count in summary["reasons"].items()]
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print("\n".join([told, *reasons, f"every face has a line in {MANIFEST}"]))


class _Rate(ProgressColumn):
    """Pictures a second."""

    def render(self, task: Bar) -> Text:
        """Show the rate, once there is one."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} pictures/s")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
