from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmesh.clients.streaming.hysteresis import LabelHysteresis, ShownLabel

RULE = LabelHysteresis(margin=0.1, dwell_s=0.5)


def follow(rule, rows, step_s=0.1):
    """Return the indices shown for rows of probabilities, one each step."""
    shown, indices = None, []
    for number, row in enumerate(rows):
        shown = rule.follow(shown, np.array(row), number * step_s)
        indices.append(shown.index)
    return indices


def test_first_the_most_probable_is_shown():
    assert RULE.follow(None, np.array([0.3, 0.3001, 0.2]), 5.0) == ShownLabel(1)


def test_a_small_lead_changes_nothing_a_large_one_does_at_once():
    assert follow(RULE, [[0.5, 0.4], [0.46, 0.54], [0.44, 0.55], [0.3, 0.6]]) == [0, 0, 1, 1]


def test_two_labels_that_take_turns_in_leading_do_not_flicker():
    rows = [[0.41, 0.39, 0.2], [0.38, 0.42, 0.2]] * 20
    assert set(follow(RULE, rows)) == {0}
    assert follow(LabelHysteresis(0.0), rows) == [0, 1] * 20


def test_a_small_lead_that_lasts_is_shown_after_the_dwell_time():
    rows = [[0.5, 0.4]] + [[0.46, 0.5]] * 8
    # Behind from 0.1 s on; 0.5 s later is 0.6 s.
    assert follow(RULE, rows) == [0] * 6 + [1] * 3


def test_a_break_starts_the_dwell_time_anew():
    behind, ahead = [0.46, 0.5], [0.5, 0.46]
    assert set(follow(RULE, [ahead, *[behind] * 4, ahead, *[behind] * 5, ahead])) == {0}


def test_challengers_that_take_turns_do_not_save_the_shown_label():
    rows = [[0.4, 0.3, 0.3]] + [[0.31, 0.35, 0.34], [0.31, 0.34, 0.35]] * 4
    indices = follow(RULE, rows)
    assert indices[:6] == [0] * 6
    assert indices[6] == 2
    assert indices[7:] == [2, 2]


@pytest.mark.parametrize("rule", [LabelHysteresis(0.0, 9.0), LabelHysteresis(1.0, 0.0)])
@given(
    rows=st.lists(
        st.lists(st.floats(0, 1), min_size=7, max_size=7, unique=True), min_size=1, max_size=20
    )
)
def test_with_no_margin_or_no_dwell_time_the_most_probable_is_always_shown(rule, rows):
    assert follow(rule, rows) == [int(np.argmax(row)) for row in rows]


@given(
    rows=st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=40),
    margin=st.floats(0.01, 0.9),
)
def test_what_is_shown_is_never_behind_by_the_margin_nor_for_the_dwell_time(rows, margin):
    rule = LabelHysteresis(margin, dwell_s=0.35)
    shown, behind = None, 0
    for number, row in enumerate(np.array(rows)):
        shown = rule.follow(shown, row, number * 0.1)
        assert row.max() - row[shown.index] < margin
        behind = behind + 1 if row[shown.index] < row.max() else 0
        assert behind <= 4
