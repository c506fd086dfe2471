"""What stands in a report: plots, each with a sentence and with its numbers as tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup
from matplotlib.figure import Figure

from maskmesh.clients.report.figures import (
    class_shares,
    people_shares,
    person_timeline,
    rate_and_delay,
    who_and_when,
)
from maskmesh.clients.report.svg import inline_svg
from maskmesh.clients.report.tables import (
    Table,
    class_table,
    entries_table,
    mask_table,
    people_table,
    rate_table,
    shares_table,
    timeline_table,
)
from maskmesh.clients.report.tally import MOST_EXAMPLES, Person, Tally
from maskmesh.clients.report.themes import NARROW, PAGE, WIDE, Shape, Theme, drawn_in

SHORTEST_RATE_S = 3.0
Draw = Callable[[Theme, Shape], Figure]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with a plot, if there is one, and tables.

    Attributes:
        key: Names the section within the page.
        title: The heading.
        text: How to read it.
        tables: The numbers; folded away where there is a plot.
        wide: The plot as safe SVG for wide screens; None: there is no plot.
        narrow: The same for phones.
    """

    key: str
    title: str
    text: str
    tables: tuple[Table, ...]
    wide: Markup | None = None
    narrow: Markup | None = None


def sections_of(tally: Tally, people: list[Person]) -> list[Section]:
    """Return all sections that there is something for.

    Args:
        tally: What was counted.
        people: Those who get plots of their own.
    """
    sections = [_all_faces(tally)] if tally.faces else []
    if people:
        sections += _of_people(tally, people)
    if tally.is_timed and (section := _rate(tally)) is not None:
        sections.append(section)
    return sections + _listed(tally)


def _all_faces(tally: Tally) -> Section:
    return _drawn(
        "all",
        "All faces",
        "How often each expression was the one shown, over all faces.",
        (class_table(tally.labels), mask_table(tally.masks)),
        lambda theme, shape: class_shares(tally.labels, theme, shape),
    )


def _of_people(tally: Tally, people: list[Person]) -> list[Section]:
    return [
        _drawn(
            "when",
            "Who was seen when",
            "Colours: the expression shown. The grey band below tells the mask: high where one is "
            "worn, half as high where it is unsure, a thin line where none is worn.",
            (people_table(people),),
            lambda theme, shape: who_and_when(tally, people, theme, shape),
        ),
        _drawn(
            "shares",
            "Each person's expressions",
            "How often each expression was shown, of the frames in which the person was seen.",
            (shares_table(people),),
            lambda theme, shape: people_shares(people, theme, shape),
        ),
        *(_of_person(person) for person in people),
    ]


def _of_person(person: Person) -> Section:
    return _drawn(
        f"person-{person.track}",
        f"Person {person.track} over time",
        "A row for the probability of each expression, and one for that of a mask: the bottom of "
        "a row is 0 %, its top 100 %.",
        (timeline_table(person),),
        partial(person_timeline, person),
    )


def _rate(tally: Tally) -> Section | None:
    if tally.clock.last_s - (tally.clock.first_s or 0.0) < SHORTEST_RATE_S:
        return None
    return _drawn(
        "rate",
        "Frames a second",
        "How many frames of the source were answered in a second of its time and, where it was "
        "measured, the delay from the camera to the answer.",
        (rate_table(tally),),
        lambda theme, shape: rate_and_delay(tally, theme, shape),
    )


def _listed(tally: Tally) -> list[Section]:
    sections = []
    if tally.pictures:
        text = _first_of(len(tally.pictures), tally.frames)
        table = entries_table("Pictures and what was found in them", tally.pictures, "faces")
        sections.append(Section("pictures", "Pictures", text, (table,)))
    if tally.problems:
        text = _first_of(len(tally.problems), tally.errors)
        table = entries_table("What could not be used, and why", tally.problems, "problem")
        sections.append(Section("problems", "What could not be used", text, (table,)))
    return sections


def _first_of(listed: int, total: int) -> str:
    return f"The first {MOST_EXAMPLES} of {total:,}." if listed < total else f"{total:,} in all."


def _drawn(key: str, title: str, text: str, tables: tuple[Table, ...], draw: Draw) -> Section:
    with drawn_in(PAGE):
        wide, narrow = (
            Markup(inline_svg(draw(PAGE, shape), f"{key}-{name}-"))  # noqa: S704 - drawn here
            for name, shape in (("wide", WIDE), ("narrow", NARROW))
        )
    return Section(key, title, text, tables, wide, narrow)
