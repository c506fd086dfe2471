"""The event loop of servers and loads: uvloop's where it is installed, else Python's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Outcome = TypeVar("Outcome")


def run_in_loop(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run a coroutine to its end in a new event loop; see docs/decisions/0008-uvloop.md."""
    with asyncio.Runner(loop_factory=_factory()) as runner:
        return runner.run(work)


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - there are systems without it
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop
