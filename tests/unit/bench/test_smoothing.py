from __future__ import annotations

import pytest

from maskmesh.bench.answers import Answer, Passage
from maskmesh.bench.smoothing import (
    NEVER_S,
    NOW,
    Shown,
    changes_per_minute,
    judge,
    replay,
    true_changes_per_minute,
)
from maskmesh.clients.mesh.results import Expression
from maskmesh.services.runtime.expressions import EXPRESSIONS


def answers(labels, probability=0.4, masks=None, step_s=0.1):
    """An answer a step, with the label's probability and six equal others."""
    made = []
    for number, label in enumerate(labels):
        rest = (1 - probability) / 6
        values = tuple(probability if name == label else rest for name in EXPRESSIONS)
        mask = masks[number] if masks else 0.0
        made.append(Answer(1, number * step_s, Expression(label, values, mask)))
    return made


def shown(text, track=1, step_s=1.0):
    names = {"h": "happy", "s": "sad"}
    return [
        Shown(track, number * step_s, names[letter], "masked", "masked")
        for number, letter in enumerate(text)
    ]


def test_changes_are_counted_within_tracks_per_minute():
    # 3 changes in 6 s of track 1, none in 4 s of track 2.
    frames = [*shown("hhshhss"), *shown("sssss", track=2)]
    assert changes_per_minute(frames) == pytest.approx(60 * 3 / 10)
    assert changes_per_minute(frames, "mask") == 0.0
    assert changes_per_minute(shown("h")) == 0.0


PASSAGES = (
    Passage(0.0, 3.0, "happy", masked=False),
    Passage(3.0, 6.0, "sad", masked=True),
    Passage(6.0, 9.0, "sad", masked=False),
    Passage(9.0, 12.0, "happy", masked=False),
)


def test_true_changes_are_those_between_passages():
    assert true_changes_per_minute(PASSAGES) == pytest.approx(60 * 2 / 12)
    assert true_changes_per_minute(PASSAGES[:3], "masked") == pytest.approx(60 * 2 / 9)


def test_delay_is_the_time_until_the_new_label_is_shown():
    verdict = judge(shown("hhhhssssssss"), PASSAGES)
    assert verdict.delays_s == (1.0,)
    assert verdict.missed == 1
    assert verdict.agreement == pytest.approx(8 / 12)
    assert judge(shown("hhhsssssshhh"), PASSAGES).delays_s == (0.0, 0.0)


def test_a_replay_without_smoothing_shows_what_was_measured():
    labels = ["happy", "sad", "happy", "sad"]
    frames = replay(answers(labels), (0.0, 0.0, 0.0))
    assert [one.label for one in frames] == labels
    assert changes_per_minute(frames) == pytest.approx(60 * 3 / 0.3)


def test_a_replay_uses_lag_margin_and_dwell_time():
    labels = ["happy"] + ["sad"] * 30
    lagging = replay(answers(labels), (10.0, 0.0, 0.0))
    assert {one.label for one in lagging[:20]} == {"happy"}
    margin = replay(answers(labels), (0.0, 0.5, NEVER_S))
    assert {one.label for one in margin} == {"happy"}
    dwelling = replay(answers(labels), (0.0, 0.5, 1.0))
    assert [one.label for one in dwelling].index("sad") in (11, 12)


def test_a_replay_tells_the_mask_state_with_and_without_hysteresis():
    masks = [0.65 if number % 2 else 0.55 for number in range(10)]
    frames = replay(answers(["sad"] * 10, masks=masks), (0.0, 0.0, 0.0))
    assert changes_per_minute(frames, "plain_mask") > 0
    assert [one.mask for one in frames] == ["unsure"] + ["masked"] * 9


def test_what_ships_stays_calm_where_two_labels_take_turns():
    frames = replay(answers(["happy", "sad"] * 40, probability=0.3), NOW)
    assert changes_per_minute(frames) == 0.0
