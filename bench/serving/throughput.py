"""Answers a second: ours, the peers' and the ceilings', in rounds that all take part in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maskmesh.bench.serving.ceilings import run_alone
from maskmesh.bench.serving.figures import Figure, Goal, figure, ratio
from maskmesh.bench.serving.load import Target, closed_loop
from maskmesh.services.classification.repository import ModelFile
from maskmesh.services.runtime.event_loop import run_in_loop

PART = "throughput"
OURS, OWN_PROTOCOL = "ours", "ours, own protocol"
NOOP, ALONE = "no-op gRPC server", "ONNX Runtime alone"
MLSERVER, TRITON = "MLServer", "Triton"
CALLERS = (1, 8)

_PEER_GOALS = {MLSERVER: Goal(3.0), TRITON: Goal(2.5)}
_CEILING_GOAL = Goal(0.8)

Rates = dict[tuple[str, int], list[float]]
"""Answers a second of each round, by who answered and for how many callers."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long is measured.

    Attributes:
        rounds: How often each is measured.
        seconds: For how long, each time.
        threads: That run the model, in all of them.
    """

    rounds: int
    seconds: float
    threads: int


def measure(targets: Mapping[str, Target], model: ModelFile, plan: Plan) -> Rates:
    """Let all answer in turn, in another order each round.

    Raises:
        RuntimeError: One answered with an error, so that the comparison is void.
    """
    rates: Rates = {}
    names = [*targets, ALONE]
    for number in range(plan.rounds):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            for callers in CALLERS:
                if name == ALONE:
                    rate = run_alone(model, min(callers, plan.threads), plan.seconds)
                else:
                    rate = _answers_per_s(name, targets[name], callers, plan.seconds)
                rates.setdefault((name, callers), []).append(rate)
    return rates


def _answers_per_s(name: str, target: Target, callers: int, seconds: float) -> float:
    outcome = run_in_loop(closed_loop(target, callers, seconds))
    if set(outcome.codes) != {"OK"}:
        raise RuntimeError(f"{name} answered {dict(outcome.codes)}: see its log")
    return outcome.answers_per_s


def figures_of(rates: Rates) -> list[Figure]:
    """Return the rates, and ours in relation to the peers' and to the lower of the ceilings."""
    found = [
        figure(PART, f"{name}, {callers} caller{'s' * (callers > 1)}", values, "/s")
        for (name, callers), values in rates.items()
    ]
    most = CALLERS[-1]
    ours = rates[OURS, most]
    for peer, goal in _PEER_GOALS.items():
        if (peer, most) in rates:
            found.append(
                ratio(PART, f"ours / {peer}, {most} callers", ours, rates[peer, most], goal)
            )
    ceiling = _lower(rates[NOOP, most], rates[ALONE, most])
    name = f"ours / lower ceiling, {most} callers"
    return [*found, ratio(PART, name, ours, ceiling, _CEILING_GOAL)]


def _lower(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return [min(pair) for pair in zip(first, second, strict=True)]
