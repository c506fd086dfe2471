"""What no service can pass: a gRPC server that computes nothing, and the model without a server."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
import numpy as np

from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.repository import ModelFile
from maskmesh.services.runtime.event_loop import run_in_loop


class AnswersAll(grpc.GenericRpcHandler):
    """Answers every call of any method with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:  # noqa: ARG002
        """Return the handler of any call; see grpc.GenericRpcHandler."""

        async def answer(request: bytes, context: Any) -> bytes:  # noqa: ARG001 - gRPC's signature
            return self._answer

        return grpc.unary_unary_rpc_method_handler(answer)


async def serve_noop(answer: bytes, ready: Callable[[int], Awaitable[None]]) -> None:
    """Serve an answer at a free port of loopback until `ready`, which gets the port, returns."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((AnswersAll(answer),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await ready(port)
    await server.stop(0)


def run_alone(model: ModelFile, threads: int, seconds: float) -> float:
    """Run single faces through the model in threads, without any server.

    Returns:
        Faces a second.
    """
    classifier = ExpressionClassifier(model)
    face = np.full((1, classifier.side, classifier.side, 1), 128, np.uint8)
    classifier.run(face)
    counts = [0] * threads
    end = time.perf_counter() + seconds

    def work(index: int) -> None:
        while time.perf_counter() < end:
            classifier.run(face)
            counts[index] += 1

    workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - started)


def main() -> None:
    """Serve the no-op until standard input closes; print its port."""

    async def until_input_ends(port: int) -> None:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)

    run_in_loop(serve_noop(bytes(100), until_input_ends))


if __name__ == "__main__":
    main()
