"""All parts of the bench of serving, one after the other, and their figures as one table."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
from rich.console import Console

from maskmesh.bench.serving import (
    cost,
    fuzz,
    kills,
    latency,
    overload,
    peers,
    reload,
    soak,
    throughput,
)
from maskmesh.bench.serving.figures import Figure, as_json, table_of
from maskmesh.bench.serving.load import Target
from maskmesh.bench.serving.messages import CLASSIFY, INFER, classify_request, infer_request
from maskmesh.bench.serving.servers import Running, noop, service
from maskmesh.inference import open_inference_pb2
from maskmesh.services.classification.repository import ModelFile, find_model
from maskmesh.services.runtime.errors import InvalidInputError

PARTS = ("throughput", "cost", "latency", "overload", "reload", "fuzz", "kill", "soak")


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is measured."""

    rounds: int
    seconds: float
    reloads: int
    malformed: int
    kills: int


FULL = Counts(rounds=7, seconds=2.0, reloads=20, malformed=10_000, kills=3)
QUICK = Counts(rounds=2, seconds=0.5, reloads=3, malformed=500, kills=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; see the command's settings."""

    parts: tuple[str, ...]
    counts: Counts
    workers: int
    processes: int
    mlserver_python: Path | None
    triton_python: Path | None
    soak_minutes: float
    photo: Path
    scratch: Path


def parts_of(text: str) -> tuple[str, ...]:
    """Return the parts that a list with commas names, in their own order.

    Raises:
        InvalidInputError: There is no such part.
    """
    named = {part.strip() for part in text.split(",")}
    unknown = sorted(named - set(PARTS))
    if unknown:
        raise InvalidInputError(
            f"there is no part {', '.join(map(repr, unknown))}: choose of {', '.join(PARTS)}"
        )
    return tuple(part for part in PARTS if part in named)


def run(wanted: Wanted, json_file: Path | None) -> None:
    """Measure, print the table, and write the figures if asked."""
    console = Console()
    figures: list[Figure] = []
    for part in wanted.parts:
        with Console(stderr=True).status(f"{part} …"):
            figures += _MEASURES[part](wanted)
    console.print(table_of(figures))
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        written = {
            "cores": cost.cores(),
            "workers": wanted.workers,
            "processes": wanted.processes,
            "figures": as_json(figures),
        }
        json_file.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def _ours(wanted: Wanted, stack: ExitStack, processes: int = 1) -> Running:
    """Run our service; in several processes, they share the threads out."""
    workers = max(1, wanted.workers // processes)
    flags = ("--workers", str(workers), "--processes", str(processes))
    return stack.enter_context(service("classification", wanted.scratch / "ours.log", flags))


def _throughput(wanted: Wanted) -> list[Figure]:
    model, scratch = find_model(), wanted.scratch
    with ExitStack() as stack:
        address = _ours(wanted, stack, wanted.processes).address
        one = infer_request()
        targets = {
            throughput.OURS: Target(address, INFER, one),
            throughput.OWN_PROTOCOL: Target(address, CLASSIFY, classify_request()),
            throughput.NOOP: Target(
                stack.enter_context(noop(scratch / "noop.log")).address, INFER, one
            ),
        }
        starts = (
            (throughput.MLSERVER, peers.mlserver, wanted.mlserver_python),
            (throughput.TRITON, peers.triton, wanted.triton_python),
        )
        for name, start, python in starts:
            if python is not None:
                peer = start(python, model.path, wanted.workers, scratch)
                targets[name] = Target(stack.enter_context(peer).address, INFER, one)
                check_same_answer(name, targets[throughput.OURS], targets[name])
        plan = throughput.Plan(wanted.counts.rounds, wanted.counts.seconds, wanted.workers)
        return throughput.figures_of(throughput.measure(targets, model, plan))


def check_same_answer(name: str, ours: Target, peer: Target) -> None:
    """Return if a peer gives the probabilities that we give.

    Raises:
        RuntimeError: It gives others, so that the comparison is void.
    """
    if not np.allclose(_probabilities(ours), _probabilities(peer), atol=1e-5):
        raise RuntimeError(f"{name} answers other probabilities than ours")


def _probabilities(target: Target) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    with grpc.insecure_channel(target.address) as channel:
        send: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(target.method)
        raw = send(target.message, timeout=30)
    answer = open_inference_pb2.ModelInferResponse.FromString(raw)
    index = [each.name for each in answer.outputs].index("probabilities")
    if answer.raw_output_contents:
        return np.frombuffer(answer.raw_output_contents[index], "<f4")
    return np.array(answer.outputs[index].contents.fp32_contents, np.float32)


def _cost(wanted: Wanted) -> list[Figure]:
    with ExitStack() as stack:
        ours = _ours(wanted, stack, wanted.processes)
        empty = stack.enter_context(noop(wanted.scratch / "noop.log"))
        servers = {
            name: (Target(each.address, INFER, infer_request()), each.process.pid)
            for name, each in ((cost.OURS, ours), (cost.NOOP, empty))
        }
        return cost.measure(servers, find_model(), wanted.counts.rounds, wanted.counts.seconds)


def _latency(wanted: Wanted) -> list[Figure]:
    model: ModelFile = find_model()
    with ExitStack() as stack:
        ours = _ours(wanted, stack, wanted.processes)
        target = Target(ours.address, INFER, infer_request())
        idle = stack.enter_context(noop(wanted.scratch / "noop.log"))
        empty = Target(idle.address, INFER, infer_request())
        rounds, seconds = wanted.counts.rounds, 2 * wanted.counts.seconds
        return latency.measure(target, empty, model, rounds, seconds)


def _overload(wanted: Wanted) -> list[Figure]:
    with ExitStack() as stack:
        message = infer_request(overload.FACES)
        target = Target(_ours(wanted, stack, wanted.processes).address, INFER, message)
        return overload.measure(target, wanted.counts.rounds, 2 * wanted.counts.seconds)


def _reload(wanted: Wanted) -> list[Figure]:
    flags = ["--workers", str(wanted.workers)]
    return reload.measure(find_model().path, wanted.counts.reloads, wanted.scratch, flags)


def _fuzz(wanted: Wanted) -> list[Figure]:
    with ExitStack() as stack:
        return fuzz.measure(_ours(wanted, stack), wanted.counts.malformed)


def _kill(wanted: Wanted) -> list[Figure]:
    return kills.measure(wanted.photo, wanted.counts.kills, wanted.scratch / "kills")


def _soak(wanted: Wanted) -> list[Figure]:
    with ExitStack() as stack:
        running = _ours(wanted, stack)
        target = Target(running.address, INFER, infer_request())
        return soak.measure(target, running.process.pid, wanted.soak_minutes)


_MEASURES: dict[str, Callable[[Wanted], list[Figure]]] = {
    "throughput": _throughput,
    "cost": _cost,
    "latency": _latency,
    "overload": _overload,
    "reload": _reload,
    "fuzz": _fuzz,
    "kill": _kill,
    "soak": _soak,
}
