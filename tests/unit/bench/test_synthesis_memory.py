from __future__ import annotations

import sys

import pytest

from maskmesh.bench.synthesis.memory import Course, watch
from maskmesh.services.runtime.errors import SetupError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", '''
import time
held = []
for _ in range(40):
    held.append(bytearray(2_000_000))
    time.sleep(0.03)
'''])
child.wait()
"""


def test_a_child_that_hoards_is_told_from_a_parent_that_does_not(tmp_path):
    looks = []
    parent, child = watch(
        [sys.executable, "-c", PARENT],
        tmp_path / "log",
        interval_s=0.02,
        advance=lambda: looks.append(1),
    )
    assert (parent.name, child.name) == ("main", "worker 1")
    assert len(looks) >= len(parent.seconds) >= len(child.seconds) >= 3
    assert abs(parent.growth) < 5
    assert 30 < child.growth < 90
    assert child.peak > 70


def test_growth_is_counted_after_the_start():
    seconds = tuple(float(second) for second in range(101))
    flat = Course("worker 1", seconds, tuple(min(200.0, 100 + 10 * s) for s in seconds))
    assert abs(flat.growth) < 1e-6
    assert flat.peak == 200.0
    leaking = Course("worker 1", seconds, tuple(100 + 2 * s for s in seconds))
    assert leaking.growth == pytest.approx(150.0)


def test_a_command_that_fails_is_told(tmp_path):
    with pytest.raises(SetupError, match="ended with 1: out of luck"):
        watch([sys.executable, "-c", "import sys; sys.exit('out of luck')"], tmp_path / "log")
