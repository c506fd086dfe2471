"""The page: what was counted, as plots with tables beside them, in one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from maskmesh.clients.report.figures import clock_words
from maskmesh.clients.report.sections import sections_of
from maskmesh.clients.report.tally import Tally
from maskmesh.clients.wording import counted

PACKAGE = "maskmesh.clients.report"


@dataclass(frozen=True, slots=True)
class Fact:
    """A number at the top of the page."""

    name: str
    value: str


def render_page(tally: Tally, title: str, most_people: int, cut_off: bool = False) -> str:
    """Return the report as HTML that needs nothing but itself.

    Args:
        tally: What was counted.
        title: The heading; escaped, as all that comes from outside.
        most_people: How many people get plots of their own: those seen in most frames.
        cut_off: Whether the last line of the results was cut off.
    """
    # What a template does not mark as safe is escaped; the page's policy allows no script at all.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    folder = files(PACKAGE)
    template = environment.from_string(folder.joinpath("report.html.jinja").read_text("utf-8"))
    people = tally.most_seen(most_people)
    return template.render(
        title=title,
        sources=tally.files,
        facts=_facts(tally),
        notes=_notes(tally, len(people), cut_off),
        sections=sections_of(tally, people),
        style=Markup(folder.joinpath("report.css").read_text("utf-8")),  # noqa: S704 - ours
    )


def _facts(tally: Tally) -> list[Fact]:
    frames = "frames" if tally.is_timed else "pictures"
    facts = [
        Fact(frames, f"{tally.frames:,}"),
        Fact("with a face", f"{tally.frames_with_faces:,}"),
        Fact("faces", f"{tally.faces:,}"),
    ]
    if tally.is_timed:
        length_s = tally.clock.last_s - (tally.clock.first_s or 0.0)
        facts.append(Fact("people", f"{len(tally.people) + tally.other_people:,}"))
        facts.append(Fact("length", clock_words(length_s)))
        if length_s > 0:
            facts.append(Fact("frames a second", f"{(tally.frames - 1) / length_s:.1f}"))
    if tally.errors:
        facts.append(Fact("not usable", f"{tally.errors:,}"))
    return facts


def _notes(tally: Tally, drawn: int, cut_off: bool) -> list[str]:
    notes = []
    total = len(tally.people) + tally.other_people
    if drawn < total:
        notes.append(
            f"Plots of single people show the {drawn} seen in most frames, of {total:,}. "
            "A person who leaves and comes back counts anew."
        )
    if tally.clock.doublings:
        notes.append(f"Long curves are means over {clock_words(tally.clock.step_s)} each at most.")
    if cut_off:
        notes.append("The last line of the results is cut off, as when a run is killed: left out.")
    if not tally.faces:
        notes.append(f"No face was found in {counted(tally.frames, 'frame')}.")
    return notes
