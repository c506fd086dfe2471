"""What is answered in time when far more is asked than can be."""

from __future__ import annotations

from maskmesh.bench.serving.figures import Figure, Goal, figure
from maskmesh.bench.serving.load import Target, closed_loop, open_loop
from maskmesh.services.runtime.event_loop import run_in_loop

PART = "overload"
# So that what calls is not what is overloaded: a call of one face costs its caller as much.
FACES = 16
_TIMES = 5.0
_CALLERS = 8
_DEADLINE_S = 0.5
_GOAL = Goal(90.0)
# Less than this of what was meant to be asked is no overload by five.
_ENOUGH = 0.95


def measure(target: Target, rounds: int, seconds: float) -> list[Figure]:
    """Ask for five times the peak, each call with a deadline.

    Args:
        target: Takes calls of `FACES` faces.
        rounds: How often.
        seconds: For how long, each time.
    """
    shares, offered, latencies, refused = [], [], [], []
    for number in range(rounds):
        peak = run_in_loop(closed_loop(target, _CALLERS, seconds)).answers_per_s
        over = run_in_loop(
            open_loop(target, _TIMES * peak, seconds, deadline_s=_DEADLINE_S, seed=number)
        )
        # Answers that still come after the last call was begun belong to its time.
        shares.append(100 * over.answers_per_s / peak)
        offered.append(over.codes.total() / seconds / peak)
        latencies.append(over.latency_ms(99))
        refused.append(100 * over.codes["RESOURCE_EXHAUSTED"] / over.codes.total())
    short = min(offered) < _ENOUGH * _TIMES
    note = "less was asked than five times the peak" if short else f"calls of {FACES} faces"
    return [
        figure(PART, "asked, in peaks", offered, "×"),
        figure(PART, "goodput, share of peak", shares, "%", goal=_GOAL, note=note),
        figure(PART, "p99 of what was answered", latencies, "ms"),
        figure(PART, "refused with RESOURCE_EXHAUSTED", refused, "%"),
    ]
