from __future__ import annotations

import asyncio
import sys

import pytest

from maskmesh.services.runtime.event_loop import run_in_loop


def loop_of_a_run() -> str:
    names: list[str] = []

    async def note() -> None:
        names.append(type(asyncio.get_running_loop()).__module__)

    run_in_loop(note())
    return names[0]


def test_uvloop_is_used_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")
    assert loop_of_a_run() == "uvloop"


def test_pythons_own_loop_is_used_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_of_a_run().startswith("asyncio")
