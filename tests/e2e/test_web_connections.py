"""Ten pages at once over a real mesh: each gets its frames, and memory stays flat.

`pytest -s tests/e2e/test_web_connections.py` tells what was measured.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest

from maskmesh.clients.demo.sample import SAMPLE_CLIP

CONNECTIONS = 10
ANSWERS = 30
WARM_AFTER = 10
MOST_GROWTH_MB = 24
REPLACE_AFTER_S = 0.1


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    """Frames of one face, 640×480, as the page sends them."""
    capture = cv2.VideoCapture(str(SAMPLE_CLIP))
    frames = [cv2.imencode(".jpg", capture.read()[1])[1].tobytes() for _ in range(28)]
    capture.release()
    return frames


class Viewer:
    """A connection whose frames wait for their turn and are replaced by newer ones, as a page's."""

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = frames
        self._sent_at: dict[int, float] = {}
        self._next = 1
        self.answers = 0
        self.delays_ms: list[float] = []

    async def look(self, socket: Any, answers: int) -> None:
        while self.answers < answers:
            try:
                told = json.loads((await socket.receive(timeout=REPLACE_AFTER_S)).data)
            except TimeoutError:
                if len(self._sent_at) < 2:
                    await self._send(socket)
                continue
            sent_at = self._sent_at.pop(told["id"])
            if told["type"] == "answer":
                assert len(told["faces"]) == 1
                self.answers += 1
                self.delays_ms.append((time.perf_counter() - sent_at) * 1000)
                if not self._sent_at:
                    await self._send(socket)

    async def _send(self, socket: Any) -> None:
        header = struct.pack(">BId", 0, self._next, self._next * 50.0)
        await socket.send_bytes(header + self._frames[self._next % len(self._frames)])
        self._sent_at[self._next] = time.perf_counter()
        self._next += 1


@pytest.mark.timeout(240)
async def test_ten_pages_are_served_alike_in_flat_memory(
    start: Callable[..., Any], frames: list[bytes], tmp_path: Path
) -> None:
    web = start("web", "--port", 0, "--log-file", tmp_path / "mesh.log")
    address = web.stdout.readline().split()[2]
    viewers = [Viewer(frames) for _ in range(CONNECTIONS)]
    async with aiohttp.ClientSession(headers={"Origin": f"http://{address}"}) as session:
        sockets = [await session.ws_connect(f"http://{address}/socket") for _ in viewers]
        for socket in sockets:
            assert (await socket.receive_json(timeout=60))["type"] == "hello"
        pairs = list(zip(viewers, sockets, strict=True))
        await asyncio.gather(*(viewer.look(socket, WARM_AFTER) for viewer, socket in pairs))
        warm_mb = resident_mb(web.pid)
        started = time.perf_counter()
        looking = [asyncio.create_task(v.look(s, WARM_AFTER + ANSWERS)) for v, s in pairs]
        await asyncio.wait(looking, return_when=asyncio.FIRST_COMPLETED)
        # When one has all its answers, nobody lags far behind.
        least = min(viewer.answers for viewer in viewers) - WARM_AFTER
        await asyncio.gather(*looking)
        seconds = time.perf_counter() - started
        grown_mb = resident_mb(web.pid) - warm_mb
        for socket in sockets:
            await socket.close()
    delays = np.concatenate([viewer.delays_ms[WARM_AFTER:] for viewer in viewers])
    half, most = np.percentile(delays, (50, 95))
    print(  # noqa: T201 - for those who measure
        f"{CONNECTIONS} connections: {CONNECTIONS * ANSWERS / seconds:.1f} frames/s in all, "
        f"send to answer p50 {half:.0f} ms, p95 {most:.0f} ms, least {least} of {ANSWERS} when "
        f"the first was done, memory {warm_mb:.0f} MB and {grown_mb:+.1f} MB"
    )
    assert least >= ANSWERS - 5
    assert grown_mb < MOST_GROWTH_MB


def resident_mb(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
