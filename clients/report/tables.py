"""The numbers beside the plots, as tables that screen readers can walk through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maskmesh.clients.report.figures import clock_words, rates
from maskmesh.clients.report.tally import (
    FACES,
    MASK,
    PROBABILITIES,
    Person,
    PictureEntry,
    Tally,
    label_strip,
    mask_strip,
)
from maskmesh.clients.streaming.mask_states import MaskState
from maskmesh.services.runtime.expressions import EXPRESSIONS

MOST_ROWS = 20
MASK_STATES: tuple[MaskState, ...] = ("masked", "unmasked", "unsure")


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names its rows; all is text that is escaped later.

    Attributes:
        caption: What it shows.
        head: Name of each column.
        rows: As many cells each as the head has.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def class_table(labels: Counter[str]) -> Table:
    """Return how often each label was given, most frequent first."""
    total = max(1, labels.total())
    order = sorted(EXPRESSIONS, key=lambda name: -labels[name])
    rows = tuple((name, f"{labels[name]:,}", f"{labels[name] / total:.1%}") for name in order)
    return Table("Share of each expression, over all faces", ("expression", "faces", "share"), rows)


def mask_table(masks: Counter[MaskState]) -> Table:
    """Return how often each mask state was."""
    total = max(1, masks.total())
    rows = tuple((name, f"{masks[name]:,}", f"{masks[name] / total:.1%}") for name in MASK_STATES)
    return Table("Mask state, over all faces", ("state", "faces", "share"), rows)


def people_table(people: Sequence[Person]) -> Table:
    """Return when each person was seen, what was shown most, and the mask."""
    head = ("person", "first seen", "last seen", "frames", "shown most", *MASK_STATES)
    rows = tuple(
        (
            f"person {person.track}",
            clock_words(person.first_s),
            clock_words(person.last_s),
            f"{person.faces:,}",
            person.labels.most_common(1)[0][0],
            *(f"{person.masks[state] / person.faces:.0%}" for state in MASK_STATES),
        )
        for person in people
    )
    return Table("Each person: when seen, and with a mask or without", head, rows)


def shares_table(people: Sequence[Person]) -> Table:
    """Return the share of each label for each person."""
    rows = tuple(
        (
            f"person {person.track}",
            *(f"{person.labels[name] / person.faces:.0%}" for name in EXPRESSIONS),
        )
        for person in people
    )
    return Table("Each person: share of each expression", ("person", *EXPRESSIONS), rows)


def timeline_table(person: Person) -> Table:
    """Return a person's mean probabilities over time, in at most 20 steps."""
    clock, steps, sums = person.curve.clock, person.curve.steps(), person.curve.sums()
    together = _steps_together(int(steps[-1]) + 1)
    groups, where = np.unique(steps // together, return_inverse=True)
    added = np.zeros((len(groups), sums.shape[1]))
    np.add.at(added, where, sums)
    means = added / added[:, [FACES]]
    rows = []
    shown = zip(groups.tolist(), means, label_strip(added), mask_strip(added), strict=True)
    for group, mean, label, state in shown:
        start_s = (clock.first_s or 0.0) + group * together * clock.step_s
        values = (f"{value:.0%}" for value in (*mean[PROBABILITIES], mean[MASK]))
        rows.append((clock_words(start_s), label, *values, state))
    head = ("from", "shown", *EXPRESSIONS, "mask", "state")
    return Table(f"Person {person.track}: mean probabilities over time", head, tuple(rows))


def rate_table(tally: Tally) -> Table:
    """Return frames a second and delay over time, in at most 20 steps."""
    times, rate, delay_ms = rates(tally)
    together = _steps_together(len(times))
    has_delay = not np.all(np.isnan(delay_ms))
    rows = []
    for first in range(0, len(times), together):
        part = slice(first, first + together)
        start_s = float(times[first] - (times[1] - times[0]) / 2)
        row = [clock_words(start_s), f"{np.mean(rate[part]):.1f}"]
        if has_delay:
            known = delay_ms[part][~np.isnan(delay_ms[part])]
            row.append(f"{np.mean(known):.0f}" if known.size else "–")
        rows.append(tuple(row))
    head = ("from", "frames a second", *(("delay in ms",) if has_delay else ()))
    return Table("Frames a second over time", head, tuple(rows))


def entries_table(caption: str, entries: Sequence[PictureEntry], what: str) -> Table:
    """Return pictures, or frames that could not be used, one by one."""
    if any(entry.frame is not None for entry in entries):
        rows = tuple((e.file, "" if e.frame is None else str(e.frame), e.text) for e in entries)
        return Table(caption, ("file", "frame", what), rows)
    return Table(caption, ("file", what), tuple((e.file, e.text) for e in entries))


def _steps_together(count: int) -> int:
    return max(1, -(-count // MOST_ROWS))
