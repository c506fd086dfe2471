from __future__ import annotations

import math

import pytest

from maskmesh.clients.streaming.smoothing import FORGET_AFTER_S, ExponentialSmoother
from maskmesh.services.runtime.expressions import EXPRESSIONS


def happiness(result):
    return result.by_label["happy"]


def test_the_first_answer_of_a_track_stands(expression):
    measured = expression("happy", 0.7, mask=0.2)
    assert ExponentialSmoother(0.3).smooth(1, 0.0, measured) == measured


def test_after_the_lag_63_percent_of_a_change_shows(expression):
    smoother = ExponentialSmoother(0.5)
    smoother.smooth(1, 0.0, expression("happy", 1.0, mask=0.0))
    result = smoother.smooth(1, 0.5, expression("sad", 1.0, mask=1.0))
    assert happiness(result) == pytest.approx(math.exp(-1))
    assert result.mask_probability == pytest.approx(1 - math.exp(-1))
    assert sum(result.probabilities) == pytest.approx(1.0)


@pytest.mark.parametrize("steps", [1, 4, 25])
def test_the_frame_rate_does_not_matter(expression, steps):
    smoother = ExponentialSmoother(0.3)
    smoother.smooth(1, 0.0, expression("happy", 1.0))
    for step in range(1, steps + 1):
        result = smoother.smooth(1, 0.6 * step / steps, expression("sad", 1.0))
    assert happiness(result) == pytest.approx(math.exp(-2))


def test_the_label_follows_the_smoothed_probabilities(expression):
    smoother = ExponentialSmoother(0.3)
    smoother.smooth(1, 0.0, expression("happy", 0.9))
    flicker = smoother.smooth(1, 0.04, expression("sad", 0.9))
    assert flicker.label == "happy"
    assert EXPRESSIONS[flicker.probabilities.index(max(flicker.probabilities))] == "happy"
    assert smoother.smooth(1, 2.0, expression("sad", 0.9)).label == "sad"


def test_tracks_do_not_mix(expression):
    smoother = ExponentialSmoother(0.3)
    smoother.smooth(1, 0.0, expression("happy", 1.0))
    other = expression("sad", 1.0)
    assert smoother.smooth(2, 0.1, other) == other


def test_no_lag_means_no_smoothing(expression):
    smoother = ExponentialSmoother(0.0)
    smoother.smooth(1, 0.0, expression("happy", 1.0))
    other = expression("sad", 1.0)
    assert smoother.smooth(1, 0.01, other) == other


def test_a_time_that_goes_back_starts_afresh(expression):
    smoother = ExponentialSmoother(0.3)
    smoother.smooth(1, 5.0, expression("happy", 1.0))
    other = expression("sad", 1.0)
    assert smoother.smooth(1, 4.0, other) == other


def test_tracks_that_are_gone_are_forgotten(expression):
    smoother = ExponentialSmoother(1000.0)
    smoother.smooth(1, 0.0, expression("happy", 1.0))
    smoother.smooth(2, FORGET_AFTER_S + 1, expression("happy", 1.0))
    other = expression("sad", 1.0)
    assert smoother.smooth(1, FORGET_AFTER_S + 2, other) == other
