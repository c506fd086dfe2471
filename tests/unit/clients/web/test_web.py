"""The command: where it listens, and what it is made of."""

from __future__ import annotations

import socket
from typing import Any

import aiohttp
import pytest

from maskmesh.clients.web.gateway import Doors, Gateway
from maskmesh.clients.web.settings import WebSettings
from maskmesh.clients.web.web import _listening
from maskmesh.services.runtime.errors import SetupError


@pytest.fixture
def gateway() -> Gateway:
    shared: Any = None  # no browser connects
    return Gateway(shared, Doors())


async def test_it_says_where_it_listens(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    async with _listening(WebSettings(port=0), gateway, None):
        ready, opens = capsys.readouterr().out.splitlines()
        kind, name, address = ready.split()
        assert (kind, name) == ("ready", "web")
        assert f"open http://{address}/ in a browser" in opens
        async with aiohttp.ClientSession() as session, session.get(f"http://{address}/") as page:
            assert page.status == 200


async def test_a_port_that_is_taken_is_told(gateway: Gateway) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SetupError, match=f"cannot listen on 127.0.0.1:{port}.*--port"):
            async with _listening(WebSettings(port=port), gateway, None):
                pass
