"""What a call costs of the processors' time, and what the processors allow at most."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from maskmesh.bench.serving.figures import Figure, figure
from maskmesh.bench.serving.load import Target, closed_loop
from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.repository import ModelFile
from maskmesh.services.runtime.event_loop import run_in_loop

PART = "cost"
OURS, NOOP, LOAD, MODEL = "ours", "no-op gRPC server", "the load itself", "the model alone"
_CALLERS = 8
_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100

Costs = Mapping[str, list[float]]
"""Microseconds of processor time a call, of each round, by who took them."""


def measure(
    servers: Mapping[str, tuple[Target, int]], model: ModelFile, rounds: int, seconds: float
) -> list[Figure]:
    """Measure what servers, the load and the model take of the processors; holds on a busy machine.

    Args:
        servers: `OURS` and `NOOP`: what is called, and the id of its process.
        model: What the service runs.
        rounds: How often.
        seconds: For how long, each time.
    """
    costs: dict[str, list[float]] = {}
    classifier = ExpressionClassifier(model)
    for _ in range(rounds):
        load = 0.0
        for name, (target, pid) in servers.items():
            before, own = processor_seconds(pid), time.process_time()
            outcome = run_in_loop(closed_loop(target, _CALLERS, seconds, warm_up_s=0.0))
            load = (time.process_time() - own) / outcome.codes.total()
            server = (processor_seconds(pid) - before) / outcome.codes.total()
            costs.setdefault(name, []).append(1e6 * server)
        costs.setdefault(LOAD, []).append(1e6 * load)
        costs.setdefault(MODEL, []).append(1e6 * _model_seconds(classifier, seconds / 2))
    return figures_of(costs, cores())


def _model_seconds(classifier: ExpressionClassifier, seconds: float) -> float:
    """Return the processor time of a run with one face."""
    face = np.full((1, classifier.side, classifier.side, 1), 128, np.uint8)
    classifier.run(face)
    runs = 0
    end, started = time.perf_counter() + seconds, time.thread_time()
    while time.perf_counter() < end:
        classifier.run(face)
        runs += 1
    return (time.thread_time() - started) / runs


def figures_of(costs: Costs, cores: int) -> list[Figure]:
    """Return the costs, and the most answers a second that they allow, whatever the service does.

    A server of the model cannot take less than one that computes nothing and the model together,
    and the load that calls it runs on the same cores.
    """
    noop, load, model = (np.array(costs[name]) for name in (NOOP, LOAD, MODEL))
    least, ours = noop + load + model, np.array(costs[OURS]) + load
    ceiling = cores * 1e6 / np.maximum(noop + load, model)
    most, reached = cores * 1e6 / least, cores * 1e6 / ours
    shown = {
        f"most that {cores} cores allow": (most, "/s"),
        f"ours, if {cores} cores are busy": (reached, "/s"),
        "most that is allowed / lower ceiling": (most / ceiling, "×"),
        "ours, if the cores are busy / lower ceiling": (reached / ceiling, "×"),
    }
    return [
        *(figure(PART, f"{name}, a call", values, "µs") for name, values in costs.items()),
        *(figure(PART, name, values.tolist(), unit) for name, (values, unit) in shown.items()),
    ]


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process and its living children have taken, by /proc."""
    # After the name in parentheses, which may hold anything: utime and stime are fields 14 and 15.
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
    tasks = (_PROC / str(pid) / "task").iterdir()
    children = (int(child) for task in tasks for child in (task / "children").read_text().split())
    return own + sum(processor_seconds(child) for child in children)
