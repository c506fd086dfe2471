from __future__ import annotations

import numpy as np
import pytest

from maskmesh.clients.report.figures import (
    class_shares,
    clock_words,
    people_shares,
    person_timeline,
    rate_and_delay,
    rates,
    who_and_when,
)
from maskmesh.clients.report.records import Record
from maskmesh.clients.report.svg import inline_svg
from maskmesh.clients.report.tally import Tally
from maskmesh.clients.report.themes import NARROW, PAGE, WIDE, drawn_in
from maskmesh.services.runtime.expressions import EXPRESSIONS


@pytest.fixture
def tally(frame_line, face):
    """Person 1 for 6 s, away from 2 to 4 s; person 2 in a single frame."""
    tally = Tally()
    for index in range(60):
        faces = [face(1, "happy" if index < 20 else "sad", 0.9)] if not 20 <= index < 40 else []
        faces += [face(2)] if index == 5 else []
        line = frame_line(index, *faces, delay_ms=40.0 if index < 30 else 60.0)
        tally.add(Record.model_validate(line))
    return tally


def test_bars_are_as_long_as_the_shares(tally):
    axes = class_shares(tally.labels, PAGE, WIDE).axes[0]
    widths = dict(zip(EXPRESSIONS, (bar.get_width() for bar in axes.patches), strict=True))
    assert widths["happy"] == pytest.approx(21 / 41)
    assert widths["sad"] == pytest.approx(20 / 41)
    assert widths["fear"] == 0


def test_a_persons_shares_are_stacked_to_one(tally):
    axes = people_shares(tally.most_seen(2), PAGE, WIDE).axes[0]
    ends = [patch.get_x() + patch.get_width() for patch in axes.patches[-2:]]
    np.testing.assert_allclose(ends, 1.0)


def test_a_curve_breaks_where_the_person_was_away(tally):
    axes = person_timeline(tally.people[1], PAGE, WIDE).axes[0]
    happy = axes.collections[EXPRESSIONS.index("happy")]
    assert len(happy.get_paths()) == 2
    assert [text.get_text() for text in axes.get_yticklabels()] == [*EXPRESSIONS, "mask"]


def test_who_and_when_is_drawn_from_first_to_last(tally):
    axes = who_and_when(tally, tally.most_seen(2), PAGE, WIDE).axes[0]
    labels = [c.get_paths()[0].get_extents() for c in axes.collections if c.get_paths()]
    spans = sorted((round(box.x0, 2), round(box.x1, 2)) for box in labels)
    # Labels and masks of person 1 before and after, and of person 2.
    assert spans == [(0.0, 2.0), (0.0, 2.0), (0.5, 0.6), (0.5, 0.6), (4.0, 6.0), (4.0, 6.0)]


def test_rate_and_delay_are_means_over_a_second(tally):
    times, rate, delay_ms = rates(tally)
    np.testing.assert_allclose(times, np.arange(5) + 0.5)
    np.testing.assert_allclose(rate, 10.0)
    np.testing.assert_allclose(delay_ms, [40, 40, 40, 60, 60])
    assert len(rate_and_delay(tally, PAGE, WIDE).axes) == 2


def test_every_figure_becomes_an_svg_in_the_colours_of_the_page(tally):
    people = tally.most_seen(2)
    for shape in (WIDE, NARROW):
        with drawn_in(PAGE):
            figures = [
                class_shares(tally.labels, PAGE, shape),
                people_shares(people, PAGE, shape),
                who_and_when(tally, people, PAGE, shape),
                person_timeline(people[1], PAGE, shape),
                rate_and_delay(tally, PAGE, shape),
            ]
            for number, figure in enumerate(figures):
                svg = inline_svg(figure, f"f{number}-")
                assert svg.startswith("<svg")
                assert "var(--ink)" in svg
                assert "#010203" not in svg
                assert 'id="figure_1"' not in svg
                assert f'id="f{number}-figure_1"' in svg


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0 s"), (7.5, "7.5 s"), (59.96, "1:00"), (61, "1:01"), (3600, "1:00:00")],
)
def test_times_are_short(seconds, words):
    assert clock_words(seconds) == words
