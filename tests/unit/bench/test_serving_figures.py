from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from maskmesh.bench.serving import cost
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


def test_no_server_of_the_model_is_cheaper_than_the_model_and_a_server_without_it() -> None:
    costs = {cost.OURS: [1000.0], cost.NOOP: [300.0], cost.LOAD: [200.0], cost.MODEL: [500.0]}
    found = {each.name: each.median for each in cost.figures_of(costs, cores=2)}
    assert found["most that 2 cores allow"] == pytest.approx(2000)
    assert found["ours, if 2 cores are busy"] == pytest.approx(2e6 / 1200)
    # Both ceilings are 4,000: the model and the server may each take all of both cores.
    assert found["most that is allowed / lower ceiling"] == pytest.approx(0.5)
    assert found["ours, if the cores are busy / lower ceiling"] == pytest.approx(0.5 / 1.2)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
def test_processor_time_is_that_of_a_process_and_its_children() -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass\nprint(); input()"
    both = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", both], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        assert cost.processor_seconds(parent.pid) >= 0.19
        parent.communicate(b"\n")


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
