"""`maskmesh synthesize`: from a source to a masked data set."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console

from maskmesh.clients.inputs import PictureInputs
from maskmesh.clients.mesh.security import PLAIN
from maskmesh.clients.synthesize.destinations import check_destination, check_place
from maskmesh.clients.synthesize.finishing import publish
from maskmesh.clients.synthesize.identity import run_identity
from maskmesh.clients.synthesize.reports import write_reports
from maskmesh.clients.synthesize.settings import SynthesizeSettings
from maskmesh.clients.synthesize.sources import Planned, fingerprint, plan, tasks
from maskmesh.clients.synthesize.tasks import Outcome, Task
from maskmesh.clients.synthesize.telling import notices, progress_bar, stoppable, tell
from maskmesh.clients.synthesize.workplace import Workplace, remove_leftover
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.observing.tracing import traced


def run_synthesize(settings: SynthesizeSettings) -> dict[str, Any]:
    """Make the destination, show how it goes, and tell what came of it.

    Returns:
        The run's summary.

    Raises:
        MaskmeshError: Source, destination or settings cannot be used, or a mode cannot do its
            work, or no face at all got a mask. A picture that cannot be masked is a line of the
            manifest, and the run goes on.
        OSError: The disk is full, or the destination cannot be written; what is done is kept.
        KeyboardInterrupt: It was stopped; what is done is kept.
    """
    check_place(settings.src, settings.dst)
    # Where a link leads to, so that what is there is replaced, and not the link.
    destination = settings.dst.resolve()
    with PictureInputs(settings.src) as inputs:
        _check(settings)
        identity = run_identity(settings.recipe, fingerprint(inputs))
        summary = check_destination(destination, identity, settings.overwrite)
        is_new = summary is None
        if summary is None:
            planned = plan(inputs, settings.recipe)
            summary = _make_all(settings, planned, destination, identity)
        else:
            remove_leftover(destination)
    tell(settings.src, settings.dst, summary, is_new)
    return summary


def _check(settings: SynthesizeSettings) -> None:
    if settings.working_mode != "mesh" and settings.security != PLAIN:
        raise InvalidInputError("TLS and keys are for a running mesh: name it with --mesh")
    # Needs the extra "synthesis", which the mesh mode does without.
    if settings.working_mode != "mesh":
        from maskmesh.clients.synthesize.local_hands import check_recipe  # noqa: PLC0415

        check_recipe(settings.recipe)
    elif settings.predictor_path is not None or settings.mask:
        raise InvalidInputError(
            "a predictor or masks of your own cannot be sent over the mesh: use --mode local"
        )


def _make_all(
    settings: SynthesizeSettings,
    planned: Sequence[Planned],
    destination: Path,
    identity: Mapping[str, Any],
) -> dict[str, Any]:
    """Make the destination, or go on with what is not done of it yet."""
    console = notices()
    total = sum(entry.picture is not None for entry in planned)
    with (
        traced("synthesize", settings.traces_to),
        Workplace(destination, identity, settings.overwrite) as workplace,
        stoppable(console, workplace, total),
    ):
        _make(settings, planned, workplace, console, total)
        console.print("writing manifest, summary and contact sheets")
        summary = write_reports(_lines(planned, workplace), identity, workplace.pictures)
        publish(workplace.pictures, destination)
        workplace.remove()
    return summary


def _make(
    settings: SynthesizeSettings,
    planned: Sequence[Planned],
    workplace: Workplace,
    console: Console,
    total: int,
) -> None:
    """Do all tasks that are not done yet."""
    _say_if_it_compiles(settings, console)
    with progress_bar(console) as progress:
        bar = progress.add_task("masking", total=total, completed=len(workplace.done))

        def readable() -> Iterator[Task]:
            for task in tasks(planned, workplace.done):
                if isinstance(task, Task):
                    yield task
                else:
                    index, line = task
                    workplace.note(index, (line,))
                    progress.advance(bar)

        # Closed at once when the run ends early, and with it its processes.
        with closing(_outcomes(settings, readable())) as outcomes:
            for outcome in outcomes:
                workplace.keep(outcome)
                progress.advance(bar)


def _outcomes(settings: SynthesizeSettings, todo: Iterable[Task]) -> Generator[Outcome, None, None]:
    # Each mode needs packages that the others do without.
    recipe = settings.recipe
    if settings.working_mode == "local":
        from maskmesh.clients.synthesize.local_mode import run_local  # noqa: PLC0415

        return run_local(todo, recipe, settings.workers)
    if settings.working_mode == "ray":
        from maskmesh.clients.synthesize.local_hands import Maker  # noqa: PLC0415
        from maskmesh.clients.synthesize.ray_mode import run_ray  # noqa: PLC0415

        return run_ray(todo, recipe, settings.workers, Maker)
    from maskmesh.clients.synthesize.mesh_mode import run_mesh  # noqa: PLC0415

    return run_mesh(
        todo, recipe, settings.workers, settings.mesh, settings.log_file, security=settings.security
    )


def _say_if_it_compiles(settings: SynthesizeSettings, console: Console) -> None:
    if settings.working_mode == "local":
        from maskmesh.clients.synthesize.local_hands import will_compile  # noqa: PLC0415

        if will_compile():
            console.print("compiling landmark code, first run only")


def _lines(planned: Sequence[Planned], workplace: Workplace) -> Iterator[str]:
    """Return all lines of the manifest, in the order of the source."""
    for index, entry in enumerate(planned):
        if entry.picture is None:
            yield entry.line
        else:
            yield from workplace.lines(index)
