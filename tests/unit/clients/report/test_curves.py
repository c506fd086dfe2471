from __future__ import annotations

import numpy as np
import pytest

from maskmesh.clients.report.curves import FIRST_STEP_S, MOST_STEPS, Clock, Curve


def test_steps_count_from_the_first_time():
    clock = Clock()
    assert [clock.step_of(5.0 + index / 10) for index in range(30)] == list(range(30))
    assert (clock.first_s, clock.last_s) == (5.0, 7.9)
    np.testing.assert_allclose(clock.start_of(np.array([0, 3])), [5.0, 5.3])


@pytest.mark.parametrize("seconds", [10.0, 1_000.0, 36_000.0])
def test_a_curve_keeps_its_sums_in_few_steps_however_long_it_grows(seconds):
    clock = Clock()
    curve = Curve(clock, 2)
    times = np.linspace(0.0, seconds, 5_000)
    for time_s in times:
        curve.add(clock.step_of(float(time_s)), np.array([1.0, time_s]))
    sums = curve.sums()
    assert len(sums) == len(curve.steps()) <= MOST_STEPS + 1
    np.testing.assert_allclose(sums.sum(axis=0), [5_000, times.sum()])
    # Each step's mean time lies within the step.
    starts = clock.start_of(curve.steps())
    means = sums[:, 1] / sums[:, 0]
    assert np.all((means >= starts - 1e-6) & (means <= starts + clock.step_s + 1e-6))
    assert clock.step_s == pytest.approx(FIRST_STEP_S * 2**clock.doublings)


def test_steps_without_values_hold_nothing():
    curve = Curve(Clock(), 1)
    curve.add(2, np.array([1.0]))
    curve.add(7, np.array([3.0]))
    curve.add(7, np.array([4.0]))
    assert curve.steps().tolist() == [2, 7]
    assert curve.sums().tolist() == [[1.0], [7.0]]
