from __future__ import annotations

import math

import pytest

from maskmesh.clients.streaming.hysteresis import LabelHysteresis
from maskmesh.clients.streaming.smoothing import FORGET_AFTER_S, TrackSmoother
from maskmesh.services.runtime.expressions import EXPRESSIONS


def happiness(answer):
    return answer.expression.by_label["happy"]


def most_probable(answer):
    values = answer.expression.probabilities
    return EXPRESSIONS[values.index(max(values))]


def test_the_first_answer_of_a_track_stands(expression):
    measured = expression("happy", 0.7, mask=0.2)
    answer = TrackSmoother(0.3).smooth(1, 0.0, measured)
    assert (answer.expression, answer.mask_state) == (measured, "unmasked")


def test_after_the_lag_63_percent_of_a_change_shows(expression):
    smoother = TrackSmoother(0.5)
    smoother.smooth(1, 0.0, expression("happy", 1.0, mask=0.0))
    answer = smoother.smooth(1, 0.5, expression("sad", 1.0, mask=1.0))
    assert happiness(answer) == pytest.approx(math.exp(-1))
    assert answer.expression.mask_probability == pytest.approx(1 - math.exp(-1))
    assert sum(answer.expression.probabilities) == pytest.approx(1.0)


@pytest.mark.parametrize("steps", [1, 4, 25])
def test_the_frame_rate_does_not_matter(expression, steps):
    smoother = TrackSmoother(0.3)
    smoother.smooth(1, 0.0, expression("happy", 1.0))
    for step in range(1, steps + 1):
        answer = smoother.smooth(1, 0.6 * step / steps, expression("sad", 1.0))
    assert happiness(answer) == pytest.approx(math.exp(-2))


@pytest.mark.parametrize("fps", [10, 30, 120])
def test_a_true_change_shows_after_the_same_time_at_any_frame_rate(expression, fps):
    smoother = TrackSmoother(0.3, LabelHysteresis(margin=0.1, dwell_s=9.0))
    smoother.smooth(1, 0.0, expression("happy", 1.0))
    step = 0
    while True:
        step += 1
        answer = smoother.smooth(1, step / fps, expression("sad", 1.0))
        if answer.expression.label == "sad":
            break
    # Sad leads by 1 - 2·exp(-t/lag), which reaches the margin at lag·ln(2/0.9).
    due = 0.3 * math.log(2 / 0.9)
    assert due <= step / fps < due + 1 / fps


def test_a_short_flicker_is_not_shown(expression):
    smoother = TrackSmoother(0.3)
    smoother.smooth(1, 0.0, expression("happy", 0.9))
    flicker = smoother.smooth(1, 0.04, expression("sad", 0.9)).expression
    assert flicker.label == "happy"
    assert flicker.by_label["happy"] == max(flicker.probabilities)
    assert smoother.smooth(1, 1.5, expression("sad", 0.9)).expression.label == "sad"


def test_the_shown_label_is_held_while_the_probabilities_tell_the_truth(expression):
    smoother = TrackSmoother(0.0, LabelHysteresis(margin=0.2, dwell_s=0.5))
    smoother.smooth(1, 0.0, expression("happy", 0.3))
    measured = expression("sad", 0.3)
    answer = smoother.smooth(1, 0.1, measured)
    assert answer.expression.probabilities == measured.probabilities
    assert (answer.expression.label, most_probable(answer)) == ("happy", "sad")
    assert answer.expression.confidence == pytest.approx(0.7 / 6)
    assert smoother.smooth(1, 0.55, measured).expression.label == "happy"
    assert smoother.smooth(1, 0.65, measured).expression.label == "sad"


def test_tracks_do_not_mix(expression):
    smoother = TrackSmoother(0.3)
    alone = TrackSmoother(0.3)
    for step in range(20):
        wavering = expression("happy" if step % 2 else "sad", 0.25, mask=0.5 + 0.2 * (step % 2))
        steady = expression("fear", 0.8, mask=0.0)
        time_s = step / 10
        assert smoother.smooth(1, time_s, wavering) == alone.smooth(1, time_s, wavering)
        other = smoother.smooth(2, time_s, steady)
        assert other.expression.probabilities == pytest.approx(steady.probabilities)
        assert (other.expression.label, other.mask_state) == ("fear", "unmasked")


def test_no_lag_means_no_smoothing_of_probabilities(expression):
    smoother = TrackSmoother(0.0)
    smoother.smooth(1, 0.0, expression("happy", 1.0))
    other = expression("sad", 1.0)
    assert smoother.smooth(1, 0.01, other).expression == other


def test_a_time_that_goes_back_starts_all_tracks_afresh(expression):
    smoother = TrackSmoother(1000.0)
    for track in (1, 2):
        smoother.smooth(track, 5.0, expression("happy", 0.3, mask=0.9))
    other = expression("sad", 0.3, mask=0.5)
    for track in (1, 2):
        answer = smoother.smooth(track, 4.0, other)
        assert (answer.expression, answer.mask_state) == (other, "unsure")


def test_a_clock_that_stands_still_shows_what_is_measured(expression):
    smoother = TrackSmoother(1000.0)
    for label in ("happy", "sad", "fear"):
        measured = expression(label, 0.2)
        assert smoother.smooth(1, 0.0, measured).expression == measured


def test_a_short_gap_is_bridged_by_what_is_left_of_the_past(expression):
    smoother = TrackSmoother(1.0)
    smoother.smooth(1, 0.0, expression("happy", 1.0))
    answer = smoother.smooth(1, FORGET_AFTER_S, expression("sad", 1.0))
    assert happiness(answer) == pytest.approx(math.exp(-FORGET_AFTER_S))


def test_after_a_long_gap_a_track_starts_afresh(expression):
    smoother = TrackSmoother(1000.0)
    smoother.smooth(1, 0.0, expression("happy", 0.3, mask=0.9))
    other = expression("sad", 0.3, mask=0.5)
    answer = smoother.smooth(1, FORGET_AFTER_S + 0.1, other)
    assert (answer.expression, answer.mask_state) == (other, "unsure")


def test_tracks_that_are_gone_are_forgotten_while_others_go_on(expression):
    smoother = TrackSmoother(1000.0)
    smoother.smooth(1, 0.0, expression("happy", 1.0))
    for step in range(5):
        smoother.smooth(2, 0.5 + step, expression("happy", 1.0))
    assert smoother.tracks == (2,)


def test_a_reset_forgets_everything(expression):
    smoother = TrackSmoother(1000.0)
    smoother.smooth(1, 9.0, expression("happy", 0.3))
    smoother.reset()
    assert smoother.tracks == ()
    other = expression("sad", 0.3)
    assert smoother.smooth(1, 9.1, other).expression == other
