from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from maskmesh.bench.serving.ceilings import run_alone, serve_noop
from maskmesh.bench.serving.load import Outcome, Target, closed_loop, open_loop
from maskmesh.services.classification.repository import find_model

METHOD = "/some.Service/Method"


class Grudging(grpc.GenericRpcHandler):
    """Answers every third call, refuses another, and lets the third wait."""

    def __init__(self) -> None:
        self.calls = 0

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        async def answer(request: bytes, context: Any) -> bytes:
            self.calls += 1
            if self.calls % 3 == 1:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "full")
            if self.calls % 3 == 2:
                await asyncio.sleep(60)
            return request[::-1]

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
async def grudging() -> AsyncIterator[str]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Grudging(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(0)


async def test_callers_call_again_and_again() -> None:
    async def measure(port: int) -> None:
        target = Target(f"127.0.0.1:{port}", METHOD, b"x")
        outcome = await closed_loop(target, callers=3, seconds=0.2, warm_up_s=0.01)
        assert set(outcome.codes) == {"OK"}
        assert outcome.codes["OK"] == len(outcome.latencies) > 3
        assert outcome.seconds >= 0.2
        assert outcome.answers_per_s == pytest.approx(outcome.codes["OK"] / outcome.seconds)
        assert 0 < outcome.latency_ms(50) <= outcome.latency_ms(99)

    await serve_noop(b"answer", measure)


async def test_calls_come_at_their_times_whatever_becomes_of_them(grudging: str) -> None:
    target = Target(grudging, METHOD, b"x")
    outcome = await open_loop(target, rate=150, seconds=0.4, connections=2, deadline_s=0.3, seed=1)
    assert set(outcome.codes) == {"OK", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"}
    assert 30 < outcome.codes.total() < 90
    assert len(outcome.latencies) == outcome.codes["OK"]


def test_no_answer_has_no_latency() -> None:
    with pytest.raises(ValueError, match="no call was answered"):
        Outcome(seconds=1.0).latency_ms(50)


def test_the_model_alone_is_run_by_all_threads(brightness_repository: Path) -> None:
    started = time.perf_counter()
    rate = run_alone(find_model(brightness_repository), threads=2, seconds=0.1)
    assert rate > 10
    assert time.perf_counter() - started >= 0.1
