"""Runs one call with either client, and servers that fail as a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np

from maskmesh.clients.mesh import AsyncMeshClient, MeshAddresses, MeshClient
from maskmesh.services.runtime.errors import UnavailableError

KINDS = ("sync", "aio")


def gray(value: int, side: int = 20) -> np.ndarray:
    return np.full((side, side), value, np.uint8)


def failures(kind: str, addresses: MeshAddresses, times: int, **options: Any) -> int:
    """Return how many of some calls by one client of a kind find the service unavailable."""
    failed = 0
    if kind == "sync":
        with MeshClient(addresses, **options) as client:
            for _ in range(times):
                try:
                    client.locate(gray(1))
                except UnavailableError:
                    failed += 1
        return failed

    async def run() -> int:
        failed = 0
        async with AsyncMeshClient(addresses, **options) as client:
            for _ in range(times):
                try:
                    await client.locate(gray(1))
                except UnavailableError:
                    failed += 1
        return failed

    return asyncio.run(run())


def ask(kind: str, addresses: MeshAddresses, method: str, *arguments: Any, **options: Any) -> Any:
    """Return what one method of a fresh client of a kind returns."""
    if kind == "sync":
        with MeshClient(addresses, **options) as client:
            answer = getattr(client, method)(*arguments)
            return list(answer) if method == "locate_stream" else answer

    async def run() -> Any:
        async with AsyncMeshClient(addresses, **options) as client:
            answer = getattr(client, method)(*arguments)
            if method == "locate_stream":
                return [item async for item in answer]
            return await answer

    return asyncio.run(run())


def ask_in_turn(
    kind: str, addresses: MeshAddresses, method: str, sent: list[Any], **options: Any
) -> list[Any]:
    """Return what one client of a kind answers to some calls of one method, one after another."""
    if kind == "sync":
        with MeshClient(addresses, **options) as client:
            return [getattr(client, method)(one) for one in sent]

    async def run() -> list[Any]:
        async with AsyncMeshClient(addresses, **options) as client:
            return [await getattr(client, method)(one) for one in sent]

    return asyncio.run(run())


@contextlib.asynccontextmanager
async def client_of(
    kind: str, addresses: MeshAddresses, **options: Any
) -> AsyncIterator[MeshClient | AsyncMeshClient]:
    """Give a client of a kind, whose methods are to be called by `result_of`."""
    if kind == "sync":
        with MeshClient(addresses, **options) as client:
            yield client
    else:
        async with AsyncMeshClient(addresses, **options) as client:
            yield client


async def result_of(kind: str, method: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a method of a client of a kind, or of its stream, comes to."""
    if kind == "sync":
        return await asyncio.to_thread(method, *arguments)
    answer = method(*arguments)
    return await answer if inspect.isawaitable(answer) else answer


@dataclass
class Failing:
    """Fails the first calls, then lets them be answered."""

    times: int
    code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE
    metadata: tuple[tuple[str, str], ...] = ()
    calls: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def __call__(self, context: grpc.ServicerContext) -> None:
        with self.lock:
            self.calls += 1
            fails = self.calls <= self.times
        if fails:
            context.set_trailing_metadata(self.metadata)
            context.abort(self.code, "not now")


@dataclass
class SlowFirst:
    """Keeps the first calls until it is told, and answers the others at once."""

    slow: int = 1
    release: threading.Event = field(default_factory=threading.Event)
    after: Callable[[grpc.ServicerContext], None] = lambda context: None
    calls: int = 0
    cancelled: threading.Event = field(default_factory=threading.Event)
    lock: Any = field(default_factory=threading.Lock)

    def __call__(self, context: grpc.ServicerContext) -> None:
        with self.lock:
            self.calls += 1
            number = self.calls
        if number <= self.slow:
            context.add_callback(self._note_end(context))
            self.release.wait(20)
        else:
            self.after(context)

    def _note_end(self, context: grpc.ServicerContext) -> Callable[[], None]:
        def note() -> None:
            if not self.release.is_set():
                self.cancelled.set()

        return note
