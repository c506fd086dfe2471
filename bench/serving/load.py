"""Puts load on a gRPC method and measures what comes back; knows nothing of the messages."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import grpc
import grpc.aio
import numpy as np

_OK = "OK"

Send = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Target:
    """What is called.

    Attributes:
        address: "host:port".
        method: "/package.Service/Method".
        message: The request, serialised.
    """

    address: str
    method: str
    message: bytes


@dataclass(slots=True)
class Outcome:
    """What came back.

    Attributes:
        seconds: How long the load lasted.
        codes: How many calls ended with which status.
        latencies: Seconds that answered calls took, each measured from when it was due.
        lateness: Seconds after they were due that calls were begun; of open loops only.
    """

    seconds: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)

    @property
    def answers_per_s(self) -> float:
        """Answered calls a second."""
        return self.codes[_OK] / self.seconds

    def latency_ms(self, percent: float) -> float:
        """Return a percentile of the answered calls' latency, in milliseconds.

        Raises:
            ValueError: No call was answered.
        """
        if not self.latencies:
            raise ValueError(f"no call was answered: {dict(self.codes)}")
        return float(np.percentile(self.latencies, percent)) * 1000


async def closed_loop(
    target: Target, callers: int, seconds: float, warm_up_s: float = 0.2
) -> Outcome:
    """Let callers, each with a connection of its own, call again as soon as they are answered.

    Args:
        target: What is called.
        callers: How many.
        seconds: How long, after the warm-up.
        warm_up_s: Seconds of the same load before, which are not measured.
    """
    outcome = Outcome()
    async with AsyncExitStack() as stack:
        sends = [await stack.enter_async_context(_connected(target)) for _ in range(callers)]
        await asyncio.gather(
            *(_call_until(send, target, time.perf_counter() + warm_up_s) for send in sends)
        )
        started = time.perf_counter()
        parts = await asyncio.gather(
            *(_call_until(send, target, started + seconds) for send in sends)
        )
        outcome.seconds = time.perf_counter() - started
    for part in parts:
        outcome.codes += part.codes
        outcome.latencies += part.latencies
    return outcome


async def open_loop(
    target: Target,
    rate: float,
    seconds: float,
    *,
    connections: int = 8,
    deadline_s: float | None = None,
    seed: int = 0,
) -> Outcome:
    """Call at times that do not depend on the answers, as many independent users do (Poisson).

    Args:
        target: What is called.
        rate: Calls a second.
        seconds: For how long calls are begun; all are waited for.
        connections: Over how many connections they go in turn.
        deadline_s: Deadline of each call; None: it waits for ever.
        seed: Decides the times.
    """
    outcome = Outcome()
    loop = asyncio.get_running_loop()
    calls: list[asyncio.Task[None]] = []

    def begin(due: float) -> None:
        outcome.lateness.append(time.perf_counter() - due)
        send = sends[len(calls) % connections]
        calls.append(loop.create_task(_call(send, target, outcome, due, deadline_s)))

    def keep_time(times: list[float]) -> None:
        # Event loops wait for whole milliseconds, more than a whole call may take.
        for due in times:
            time.sleep(max(0.0, due - time.perf_counter()))
            loop.call_soon_threadsafe(begin, due)

    async with AsyncExitStack() as stack:
        sends = [await stack.enter_async_context(_connected(target)) for _ in range(connections)]
        started = time.perf_counter()
        await asyncio.to_thread(keep_time, _random_times(started, rate, seconds, seed))
        # All were given to the loop before the thread's end was.
        await asyncio.gather(*calls)
        outcome.seconds = time.perf_counter() - started
    return outcome


def _random_times(started: float, rate: float, seconds: float, seed: int) -> list[float]:
    chance = random.Random(seed)
    times = [started]
    while (following := times[-1] + chance.expovariate(rate)) < started + seconds:
        times.append(following)
    return times


@asynccontextmanager
async def _connected(target: Target) -> AsyncIterator[Send]:
    # Otherwise channels to one address share one connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(target.address, options) as channel:
        await channel.channel_ready()
        yield channel.unary_unary(target.method)


async def _call_until(send: Send, target: Target, end: float) -> Outcome:
    outcome = Outcome()
    while (now := time.perf_counter()) < end:
        await _call(send, target, outcome, now, None)
    return outcome


async def _call(
    send: Send, target: Target, outcome: Outcome, due: float, deadline_s: float | None
) -> None:
    try:
        await send(target.message, timeout=deadline_s)
    except grpc.aio.AioRpcError as error:
        outcome.codes[error.code().name] += 1
    else:
        outcome.codes[_OK] += 1
        outcome.latencies.append(time.perf_counter() - due)
