"""`maskmesh report`: its settings, and what it does with them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg
from rich.console import Console

from maskmesh.clients.report.page import render_page
from maskmesh.clients.report.records import RecordFile
from maskmesh.clients.report.tally import MOST_PEOPLE, Tally
from maskmesh.services.runtime.errors import InvalidInputError, SetupError
from maskmesh.services.runtime.settings import CommandSettings


class ReportSettings(CommandSettings, section="report"):
    """Make one HTML page with plots of a run's results; it needs no network to be read."""

    results: CliPositionalArg[Path] = Field(
        description="JSON lines of `maskmesh stream --json` or `maskmesh annotate --json`; "
        "- is standard input"
    )
    output: Path = Field(Path("report.html"), description="write the page to this file")
    title: str = Field("", description="heading of the page; empty: what the results are of")
    people: int = Field(
        12, ge=0, le=MOST_PEOPLE, description="how many people get plots: those seen most"
    )


def run_report(settings: ReportSettings) -> None:
    """Read the results, write the page, and tell where it is.

    Raises:
        MaskmeshError: The results cannot be read or are none, or the page cannot be written.
    """
    lines = RecordFile(settings.results)
    if settings.output.resolve() == settings.results.resolve():
        raise InvalidInputError(f"{settings.output} holds the results: name another --output")
    tally = tally_of(lines)
    title = settings.title or _title(tally)
    page = render_page(tally, title, settings.people, lines.cut_off)
    try:
        settings.output.parent.mkdir(parents=True, exist_ok=True)
        settings.output.write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise SetupError(
            f"cannot write {settings.output} ({error.strerror}): name another file with --output"
        ) from error
    if lines.cut_off:
        Console(stderr=True).print(
            f"the last line of {lines.name} is cut off and left out", markup=False, highlight=False
        )
    told = f"{settings.output}: {len(page.encode()) / 1024:,.0f} kB, open it in a browser"
    Console().print(told, markup=False, highlight=False, soft_wrap=True)


def tally_of(lines: RecordFile) -> Tally:
    """Count all lines.

    Raises:
        InvalidInputError: A line is no result, several runs are mixed, or there is no line at all.
    """
    tally = Tally()
    for number, record in lines:
        try:
            tally.add(record)
        except InvalidInputError as error:
            raise InvalidInputError(f"{lines.name}, line {number}: {error}") from error
    if not tally.frames and not tally.errors:
        raise InvalidInputError(f"{lines.name} holds no result: it is empty")
    return tally


def _title(tally: Tally) -> str:
    # The whole path may tell more of the machine than a reader should see.
    name = tally.files[0].rstrip("/").rpartition("/")[2] or tally.files[0]
    return name if len(tally.files) == 1 else f"{name} and others"
