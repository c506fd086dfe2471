"""The latency at half of the peak load, beside the model's own time."""

from __future__ import annotations

import asyncio

from maskmesh.bench.serving.ceilings import run_alone
from maskmesh.bench.serving.figures import Figure, Goal, figure
from maskmesh.bench.serving.load import Target, closed_loop, open_loop
from maskmesh.services.classification.repository import ModelFile

PART = "latency"
_CALLERS = 8
_GOAL = Goal(3.0, at_least=False)


def measure(target: Target, model: ModelFile, rounds: int, seconds: float) -> list[Figure]:
    """Call at random times, whose latency counts from when a call was due."""
    own_ms, p50_ms, p99_ms = [], [], []
    for number in range(rounds):
        peak = asyncio.run(closed_loop(target, _CALLERS, seconds)).answers_per_s
        own_ms.append(1000 / run_alone(model, 1, seconds / 2))
        half = asyncio.run(open_loop(target, peak / 2, seconds, seed=number))
        p50_ms.append(half.latency_ms(50))
        p99_ms.append(half.latency_ms(99))
    return [
        figure(PART, "the model's own time", own_ms, "ms"),
        figure(PART, "median at half of peak load", p50_ms, "ms"),
        figure(PART, "p99 at half of peak load", p99_ms, "ms"),
        figure(
            PART,
            "p99 / the model's own time",
            [p99 / own for p99, own in zip(p99_ms, own_ms, strict=True)],
            "×",
            goal=_GOAL,
        ),
    ]
