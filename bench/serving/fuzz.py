"""Malformed requests by the thousand: a proper status each, and a service that goes on."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

import grpc
import grpc.aio

from maskmesh.bench.serving.figures import Figure, Goal, figure
from maskmesh.bench.serving.load import Send
from maskmesh.bench.serving.malformed import malformed
from maskmesh.bench.serving.messages import INFER, infer_request
from maskmesh.bench.serving.servers import Running

PART = "fuzz"
# Changed pixels may leave a request proper, and then it is answered.
PROPER = frozenset({"OK", "INVALID_ARGUMENT", "NOT_FOUND", "DEADLINE_EXCEEDED"})
HANG_S = 20.0
_AT_ONCE = 8
_NONE = Goal(0, at_least=False)


@dataclass(slots=True)
class Answers:
    """What came back.

    Attributes:
        codes: How many requests got which status.
        hangs: How many got none within `HANG_S`.
        improper: The first that got a status which says nothing of what was wrong.
    """

    codes: Counter[str] = field(default_factory=Counter)
    hangs: int = 0
    improper: list[str] = field(default_factory=list)


def measure(running: Running, count: int, seed: int = 7) -> list[Figure]:
    """Send malformed requests to a service, and a proper one at the end."""
    answers = asyncio.run(send_all(running.address, count, seed))
    survived = running.process.poll() is None and asyncio.run(_answers_well(running.address))
    improper = sum(number for code, number in answers.codes.items() if code not in PROPER)
    note = ", ".join(f"{code} {number:,}" for code, number in answers.codes.most_common())
    named = f"of {count:,} malformed requests"
    return [
        figure(PART, f"crashes {named}", [float(not survived)], goal=_NONE, note=note),
        figure(PART, f"hangs {named}", [answers.hangs], goal=_NONE),
        figure(
            PART,
            f"without a proper status {named}",
            [improper],
            goal=_NONE,
            note="; ".join(answers.improper[:3]),
        ),
    ]


async def send_all(address: str, count: int, seed: int) -> Answers:
    """Send malformed requests, several at once, and return what came back."""
    chance = random.Random(seed)
    answers = Answers()
    async with grpc.aio.insecure_channel(address) as channel:

        async def send() -> None:
            while answers.codes.total() + answers.hangs < count:
                request = malformed(chance)
                code, details = await _outcome(channel, request.method, request.message)
                if code == "DEADLINE_EXCEEDED" and details == "Deadline Exceeded":
                    answers.hangs += 1
                    continue
                answers.codes[code] += 1
                if code not in PROPER or (code != "OK" and not details):
                    answers.improper.append(f"{request.kind}: {code} {details[:80]}")

        await asyncio.gather(*(send() for _ in range(min(_AT_ONCE, count))))
    return answers


async def _outcome(channel: grpc.aio.Channel, method: str, message: bytes) -> tuple[str, str]:
    try:
        send: Send = channel.unary_unary(method)
        await send(message, timeout=HANG_S)
    except grpc.aio.AioRpcError as error:
        return error.code().name, error.details() or ""
    return "OK", ""


async def _answers_well(address: str) -> bool:
    async with grpc.aio.insecure_channel(address) as channel:
        code, _ = await _outcome(channel, INFER, infer_request())
    return code == "OK"
