"""The page's files and headers, and who may connect."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from maskmesh.clients.streaming.palette import EXPRESSION_COLOURS, hexadecimal
from maskmesh.clients.web.gateway import PAGE


async def test_the_page_may_load_nothing_from_elsewhere(open_gateway: Any) -> None:
    client = await open_gateway()
    answer = await client.get("/")
    assert answer.status == 200
    assert answer.content_type == "text/html"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_files_outside_the_page_are_not_served(open_gateway: Any) -> None:
    client = await open_gateway()
    assert (await client.get("/page/style.css")).status == 200
    for path in ("/page/../gateway.py", "/page/%2e%2e/gateway.py", "/page/", "/gateway.py"):
        assert (await client.get(path)).status in (403, 404), path


async def test_the_page_gets_the_one_palette(open_gateway: Any) -> None:
    client = await open_gateway()
    answer = await client.get("/page/expressions.js")
    assert answer.content_type == "text/javascript"
    text = await answer.text()
    assert all(hexadecimal(colour) in text for colour in EXPRESSION_COLOURS.values())


def test_the_first_view_is_light_and_holds_no_inline_code() -> None:
    files = [file for file in PAGE.iterdir() if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 200_000
    html = (PAGE / "index.html").read_text()
    assert "style=" not in html
    assert not re.search(r"\son\w+=", html)
    assert "<script>" not in html


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://127.0.0.1:1", "null", "http://localhost.evil.example"],
)
async def test_foreign_pages_are_refused(open_gateway: Any, origin: str) -> None:
    client = await open_gateway()
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/socket", headers={"Origin": origin})
    assert refused.value.status == 403


async def test_a_foreign_page_that_is_allowed_may_connect(open_gateway: Any) -> None:
    client = await open_gateway(allowed_origins=frozenset({"https://faces.example"}))
    socket = await client.ws_connect("/socket", headers={"Origin": "https://faces.example"})
    greeting = await socket.receive_json(timeout=10)
    assert greeting["styles"] == ["surgical", "cloth"]
    assert greeting["colours"] == ["white", "black"]


async def test_one_browser_too_many_is_told_so(open_gateway: Any, connect: Any) -> None:
    client = await open_gateway(max_connections=1)
    first = await connect(client)
    second = await client.ws_connect(
        "/socket", headers={"Origin": f"http://127.0.0.1:{client.port}"}
    )
    told = await second.receive_json(timeout=10)
    assert told["type"] == "refused"
    assert "1 browsers are connected" in told["message"]
    assert (await second.receive(timeout=10)).data == 1013
    await first.close()
    await connect(client)
