"""The plots, drawn with Matplotlib: each names what it shows in words, not by colour alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MultipleLocator, PercentFormatter
from numpy.typing import NDArray

from maskmesh.clients.report.curves import Clock
from maskmesh.clients.report.tally import (
    DELAY_MS,
    DELAYS,
    FACES,
    FRAMES,
    MASK,
    Person,
    Tally,
    label_strip,
    mask_strip,
)
from maskmesh.clients.report.themes import CLASS_COLOURS, CLASS_INKS, Shape, Theme
from maskmesh.clients.streaming.mask_states import MaskState
from maskmesh.services.runtime.expressions import EXPRESSIONS

State = TypeVar("State", bound=str)
ROWS = (*EXPRESSIONS, "mask")
ROW_INCHES = 0.30
LEAST_RATE_STEP_S = 1.0
_MINUTE, _HOUR = 60, 3600
TICKS_S = (
    *(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 4, 6, 12, 24)),
)
# Wide enough for "100%".
LEAST_LABELLED_SHARE = {False: 0.06, True: 0.14}
HELD_S = 0.5
"""Shorter gaps in what is seen of a person are drawn over."""
MASK_HEIGHTS: dict[MaskState, float] = {"masked": 0.34, "unsure": 0.17, "unmasked": 0.05}


def class_shares(labels: Counter[str], theme: Theme, shape: Shape) -> Figure:
    """Draw how often each label was given, as bars with their numbers."""
    figure = Figure((shape.inches, 7 * ROW_INCHES + 0.7), layout="constrained")
    axes = figure.subplots()
    total = max(1, labels.total())
    shares = [labels[name] / total for name in EXPRESSIONS]
    colours = [CLASS_COLOURS[name] for name in EXPRESSIONS]
    bars = axes.barh(EXPRESSIONS, shares, color=colours, edgecolor=theme.ink, height=0.7)
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], padding=4)
    axes.invert_yaxis()
    axes.set_xlim(0, max(0.05, *shares) * 1.15)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("share of faces")
    return figure


def people_shares(people: Sequence[Person], theme: Theme, shape: Shape) -> Figure:
    """Draw for each person how often each label was given, stacked to 100 %."""
    figure = Figure((shape.inches, len(people) * 0.42 + 1.5), layout="constrained")
    axes = figure.subplots()
    rows = np.arange(len(people))
    left = np.zeros(len(people))
    for name in EXPRESSIONS:
        shares = np.array([person.labels[name] / person.faces for person in people])
        axes.barh(rows, shares, left=left, color=CLASS_COLOURS[name], edgecolor=theme.ink)
        for row in np.flatnonzero(shares >= LEAST_LABELLED_SHARE[shape.is_narrow]).tolist():
            middle = left[row] + shares[row] / 2
            axes.text(
                middle,
                row,
                f"{shares[row]:.0%}",
                color=CLASS_INKS[name],
                ha="center",
                va="center_baseline",
                fontsize=9,
            )
        left += shares
    axes.set_yticks(rows, _names(people, shape))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(people) - 0.45, -0.55)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    _class_legend(figure, EXPRESSIONS, theme, shape)
    return figure


def who_and_when(tally: Tally, people: Sequence[Person], theme: Theme, shape: Shape) -> Figure:
    """Draw when each person was seen: label above, and below, by its height, the mask state."""
    figure = Figure((shape.inches, len(people) * 0.62 + 1.7), layout="constrained")
    axes = figure.subplots()
    shown: set[str] = set()
    for row, person in enumerate(people):
        for name, where in _stretches(person, label_strip(person.curve.sums())):
            shown.add(name)
            colour = CLASS_COLOURS[name]
            axes.broken_barh(
                [where], (row - 0.36, 0.36), facecolor=colour, edgecolor=theme.ink, linewidth=0.5
            )
        for state, where in _stretches(person, mask_strip(person.curve.sums())):
            place = (row + 0.40 - MASK_HEIGHTS[state], MASK_HEIGHTS[state])
            axes.broken_barh([where], place, facecolor=theme.mask, edgecolor="none")
    axes.set_yticks(range(len(people)), _names(people, shape))
    axes.set_ylim(len(people) - 0.45, -0.6)
    axes.tick_params(axis="y", length=0)
    _time_axis(axes, tally.clock, shape)
    _class_legend(figure, [name for name in EXPRESSIONS if name in shown], theme, shape)
    return figure


def person_timeline(person: Person, theme: Theme, shape: Shape) -> Figure:
    """Draw a person's seven probabilities and mask probability over time, each in its own row."""
    figure = Figure((shape.inches, len(ROWS) * ROW_INCHES + 0.75), layout="constrained")
    _draw_rows(figure.subplots(), person, person.curve.clock, theme, shape)
    return figure


def people_timelines(tally: Tally, people: Sequence[Person], theme: Theme, shape: Shape) -> Figure:
    """Draw several people over the time of the run, one below the other; in words, if none."""
    figure = Figure(
        (shape.inches, max(1, len(people)) * (len(ROWS) * ROW_INCHES + 1.0) + 0.4),
        layout="constrained",
    )
    figure.suptitle(f"probability of each expression and of a mask: {_extent(tally, people)}")
    for place, person in enumerate(people):
        axes = figure.add_subplot(len(people), 1, place + 1)
        axes.set_title(f"person {person.track}", loc="left", fontsize=10, fontweight="bold")
        _draw_rows(axes, person, tally.clock, theme, shape)
    return figure


def _extent(tally: Tally, people: Sequence[Person]) -> str:
    if not people:
        return "no face was found"
    total = len(tally.people) + tally.other_people
    if total == 1:
        return "one person"
    if len(people) == total:
        return f"{total} people"
    return f"{len(people)} of {total} people, those seen most"


def _draw_rows(axes: Axes, person: Person, clock: Clock, theme: Theme, shape: Shape) -> None:
    times, values = _with_gaps(person)
    for row, name in enumerate(ROWS):
        base = len(ROWS) - 1 - row
        column = MASK if name == "mask" else EXPRESSIONS.index(name)
        top = base + 0.86 * values[:, column]
        colour = theme.mask if name == "mask" else CLASS_COLOURS[name]
        axes.fill_between(times, base, top, facecolor=colour, edgecolor=theme.ink, linewidth=0.6)
        axes.axhline(base, color=theme.faint, linewidth=0.6)
    axes.set_yticks([len(ROWS) - 1 - row + 0.4 for row in range(len(ROWS))], ROWS)
    axes.set_ylim(-0.05, len(ROWS) + 0.05)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    _time_axis(axes, clock, shape)


def rate_and_delay(tally: Tally, theme: Theme, shape: Shape) -> Figure:
    """Draw frames a second and, where it was measured, the delay, of a run of seconds or more."""
    times, rate, delay_ms = rates(tally)
    curves = [("frames/s", rate)]
    if not np.all(np.isnan(delay_ms)):
        curves.append(("delay, ms", delay_ms))
    figure = Figure((shape.inches, 1.6 * len(curves) + 0.5), layout="constrained")
    for axes, (name, values) in zip(
        figure.subplots(len(curves), squeeze=False)[:, 0], curves, strict=True
    ):
        axes.plot(times, values, color=theme.ink, linewidth=1.4)
        axes.set_ylabel(name)
        axes.set_ylim(0, max(1.0, float(np.nanmax(values))) * 1.15)
        axes.grid(axis="y")
        _time_axis(axes, tally.clock, shape)
    return figure


def rates(tally: Tally) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return times in seconds, frames a second, and delays in milliseconds, NaN where unknown.

    Steps are at least a second; the last one is left out where the run ended in it.
    """
    step_s = tally.clock.step_s
    together = max(1, round(LEAST_RATE_STEP_S / step_s))
    length_s = tally.clock.last_s - (tally.clock.first_s or 0.0)
    count = int(length_s / (step_s * together) + 1e-6)
    sums = np.zeros((count + 1, 3))
    np.add.at(sums, tally.run.steps() // together, tally.run.sums())
    sums = sums[:count]
    width_s = step_s * together
    with np.errstate(invalid="ignore"):
        delay_ms = sums[:, DELAY_MS] / sums[:, DELAYS]
    middles_s = np.asarray(
        (tally.clock.first_s or 0.0) + (np.arange(count) + 0.5) * width_s, np.float64
    )
    return middles_s, sums[:, FRAMES] / width_s, delay_ms


def _with_gaps(person: Person) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times and means (N, 8), with NaN where the person was not seen."""
    clock, steps, sums = person.curve.clock, person.curve.steps(), person.curve.sums()
    means = sums[:, [*range(7), MASK]] / sums[:, [FACES]]
    times = clock.start_of(steps)
    if len(steps) == 1:
        # A single step would be a line without length.
        return np.append(times, times + clock.step_s), np.repeat(means, 2, axis=0)
    gaps = np.flatnonzero(np.diff(steps) > _widest_gap(clock.step_s)) + 1
    return np.insert(times, gaps, np.nan), np.insert(means, gaps, np.nan, axis=0)


def _widest_gap(step_s: float) -> int:
    # Where frames come slower than steps, or a face is missed for a moment, the curve goes on.
    return max(1, round(HELD_S / step_s))


def _stretches(person: Person, values: Sequence[State]) -> list[tuple[State, tuple[float, float]]]:
    """Return (value, (start, length) in seconds) for each run of equal values."""
    clock = person.curve.clock
    held = _widest_gap(clock.step_s)
    stretches: list[tuple[State, int, int]] = []
    for step, value in zip(person.curve.steps().tolist(), values, strict=True):
        if stretches and step < stretches[-1][2] + held:
            # Slow frames leave steps empty: what was shown then is what was shown before.
            stretches[-1] = (*stretches[-1][:2], step)
        if stretches and stretches[-1][0] == value and step == stretches[-1][2]:
            stretches[-1] = (value, stretches[-1][1], step + 1)
        else:
            stretches.append((value, step, step + 1))
    start_s = clock.first_s or 0.0
    return [
        (value, (start_s + first * clock.step_s, (last - first) * clock.step_s))
        for value, first, last in stretches
    ]


def _class_legend(figure: Figure, names: Sequence[str], theme: Theme, shape: Shape) -> None:
    patches = [
        Patch(facecolor=CLASS_COLOURS[name], edgecolor=theme.ink, label=name) for name in names
    ]
    columns = 3 if shape.is_narrow else len(EXPRESSIONS)
    figure.legend(handles=patches, loc="outside lower center", ncols=columns, columnspacing=1.2)


def _names(people: Sequence[Person], shape: Shape) -> list[str]:
    return [
        f"#{person.track}" if shape.is_narrow else f"person {person.track}" for person in people
    ]


def _time_axis(axes: Axes, clock: Clock, shape: Shape) -> None:
    first_s = clock.first_s or 0.0
    last_s = max(clock.last_s, first_s + clock.step_s)
    axes.set_xlim(first_s, last_s)
    most = (last_s - first_s) / (4 if shape.is_narrow else 9)
    axes.xaxis.set_major_locator(MultipleLocator(next((t for t in TICKS_S if t >= most), most)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: clock_words(seconds)))
    axes.set_xlabel("time")


def clock_words(seconds: float) -> str:
    """Return a time as h:mm:ss, m:ss, or below a minute in seconds."""
    if round(seconds, 1) < 60:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
