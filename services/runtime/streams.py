"""Streams whose requests are worked on side by side and answered in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")


async def answered_in_order(
    requests: AsyncIterator[Request],
    answer: Callable[[Request], Awaitable[Answer]],
    at_once: int,
) -> AsyncIterator[Answer]:
    """Answer the requests of a stream in their order, several of them at once.

    No request is taken from the stream while `at_once` answers are under way or not yet taken, so
    a client that sends faster than it is answered, or does not receive, is held back.

    Args:
        requests: What the client sends.
        answer: Answers one request. What it raises ends the stream.
        at_once: How many requests are under way at a time, at least 1.
    """
    under_way: asyncio.Queue[asyncio.Future[Answer] | None] = asyncio.Queue()
    room = asyncio.Semaphore(at_once)

    async def take() -> None:
        try:
            await room.acquire()
            async for request in requests:
                under_way.put_nowait(asyncio.ensure_future(answer(request)))
                await room.acquire()
        finally:
            under_way.put_nowait(None)

    taking = asyncio.create_task(take())
    try:
        while (next_answer := await under_way.get()) is not None:
            yield await next_answer
            room.release()
        await taking
    finally:
        taking.cancel()
        while not under_way.empty():
            left = under_way.get_nowait()
            if left is not None:
                left.cancel()
