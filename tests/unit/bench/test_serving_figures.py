from __future__ import annotations

import random

import pytest

from maskmesh.bench.serving.figures import Goal, as_json, figure, ratio
from maskmesh.bench.serving.malformed import malformed
from maskmesh.bench.serving.run import PARTS, parts_of
from maskmesh.bench.serving.throughput import ALONE, MLSERVER, NOOP, OURS, TRITON, figures_of
from maskmesh.services.runtime.errors import InvalidInputError


def test_a_figure_is_the_median_with_its_spread_and_its_goal() -> None:
    found = figure("part", "name", [3.0, 1.0, 2.0], goal=Goal(2.0))
    assert (found.low, found.median, found.high) == pytest.approx((1.1, 2.0, 2.9))
    assert found.is_met
    assert not figure("part", "name", [3.0], goal=Goal(2.0, at_least=False)).is_met
    assert figure("part", "name", [3.0]).is_met is None
    assert as_json([found])[0]["met"] is True
    with pytest.raises(ValueError, match="nothing was measured"):
        figure("part", "name", [])


def test_ratios_are_taken_round_by_round() -> None:
    found = ratio("part", "name", [10.0, 30.0, 200.0], [5.0, 10.0, 50.0])
    assert (found.median, found.low >= 2.0, found.high <= 4.0) == (3.0, True, True)


def test_ours_is_held_against_the_peers_and_the_lower_ceiling_of_each_round() -> None:
    rates = {
        (OURS, 8): [900.0, 800.0],
        (NOOP, 8): [1000.0, 4000.0],
        (ALONE, 8): [2000.0, 1000.0],
        (MLSERVER, 8): [300.0, 200.0],
        (TRITON, 8): [450.0, 400.0],
    }
    found = {each.name: each for each in figures_of(rates)}
    ceiling = found["ours / lower ceiling, 8 callers"]
    assert (ceiling.median, ceiling.is_met) == (pytest.approx(0.85), True)
    assert found["ours / MLServer, 8 callers"].median == pytest.approx(3.5)
    assert found["ours / Triton, 8 callers"].is_met is False


def test_parts_are_named_in_any_order() -> None:
    assert parts_of("soak, fuzz") == ("fuzz", "soak")
    assert parts_of(",".join(PARTS)) == PARTS
    with pytest.raises(InvalidInputError, match="no part 'speed'"):
        parts_of("fuzz,speed")


def test_malformed_requests_are_of_many_kinds_and_repeat_by_their_seed() -> None:
    first, again = random.Random(3), random.Random(3)
    made = [malformed(first) for _ in range(300)]
    assert made == [malformed(again) for _ in range(300)]
    assert len({each.kind for each in made}) == 6
    assert len({each.message for each in made}) > 200
