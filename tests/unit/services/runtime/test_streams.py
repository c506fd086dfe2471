from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from maskmesh.services.runtime.streams import answered_in_order


async def numbers(count: int, taken: list[int]) -> AsyncIterator[int]:
    for number in range(count):
        taken.append(number)
        yield number


async def test_answers_come_in_order_whichever_is_done_first() -> None:
    async def answer(number: int) -> int:
        await asyncio.sleep(0.02 if number % 2 == 0 else 0)
        return number

    answers = [each async for each in answered_in_order(numbers(9, []), answer, 4)]
    assert answers == list(range(9))


async def test_several_are_under_way_at_once_but_not_more() -> None:
    under_way, most = 0, 0

    async def answer(number: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return number

    assert len([each async for each in answered_in_order(numbers(30, []), answer, 3)]) == 30
    assert most == 3


async def test_who_does_not_take_answers_is_not_read_on() -> None:
    taken: list[int] = []

    async def answer(number: int) -> int:
        return number

    answers = answered_in_order(numbers(100, taken), answer, 2)
    assert await anext(answers) == 0
    await asyncio.sleep(0.01)
    assert len(taken) <= 4
    await answers.aclose()  # type: ignore[attr-defined]


async def test_an_error_ends_the_stream_and_what_is_under_way() -> None:
    cancelled = asyncio.Event()

    async def answer(number: int) -> int:
        if number == 1:
            raise ValueError("unlucky")
        if number == 2:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                cancelled.set()
                raise
        return number

    answers = answered_in_order(numbers(100, []), answer, 3)
    assert await anext(answers) == 0
    with pytest.raises(ValueError, match="unlucky"):
        await anext(answers)
    await asyncio.wait_for(cancelled.wait(), 5)


async def test_an_error_of_the_client_reaches_the_caller_after_the_answers() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise ConnectionError("gone")

    async def answer(number: int) -> int:
        return number

    answers = answered_in_order(broken(), answer, 3)
    assert await anext(answers) == 1
    with pytest.raises(ConnectionError, match="gone"):
        await anext(answers)
