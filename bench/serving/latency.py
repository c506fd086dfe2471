"""The latency at half of the peak load, beside the model's own time and a server without one."""

from __future__ import annotations

import numpy as np

from maskmesh.bench.serving.ceilings import run_alone
from maskmesh.bench.serving.figures import Figure, Goal, figure
from maskmesh.bench.serving.load import Target, closed_loop, open_loop
from maskmesh.services.classification.repository import ModelFile
from maskmesh.services.runtime.event_loop import run_in_loop

PART = "latency"
_CALLERS = 8
_GOAL = Goal(3.0, at_least=False)


def measure(
    target: Target, noop: Target, model: ModelFile, rounds: int, seconds: float
) -> list[Figure]:
    """Call at random times, whose latency counts from when a call was due.

    Args:
        target: Our service.
        noop: A server that computes nothing: what of the latency is gRPC's and the load's own.
        model: What the service runs.
        rounds: How often.
        seconds: For how long, each time.
    """
    own_ms: list[float] = []
    late_ms: list[float] = []
    shown: dict[str, list[float]] = {}
    for number in range(rounds):
        peak = run_in_loop(closed_loop(target, _CALLERS, seconds)).answers_per_s
        own_ms.append(1000 / run_alone(model, 1, seconds / 2))
        for name, which in (("", target), (" of the no-op server", noop)):
            half = run_in_loop(open_loop(which, peak / 2, seconds, seed=number))
            for percent, percentile in ((50, "median"), (99, "p99")):
                told = shown.setdefault(f"{percentile}{name} at half of peak load", [])
                told.append(half.latency_ms(percent))
        late_ms.append(float(np.percentile(half.lateness, 99)) * 1000)
    p99_ms = shown["p99 at half of peak load"]
    return [
        figure(PART, "the model's own time", own_ms, "ms"),
        *(figure(PART, name, values, "ms") for name, values in shown.items()),
        figure(PART, "p99 of how late the load itself was", late_ms, "ms"),
        figure(
            PART,
            "p99 / the model's own time",
            [p99 / own for p99, own in zip(p99_ms, own_ms, strict=True)],
            "×",
            goal=_GOAL,
        ),
    ]
