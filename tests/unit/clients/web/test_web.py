"""The command: where it listens, and what it is made of."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

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


async def test_https(gateway: Gateway, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    authority = trustme.CA()
    cert = authority.issue_cert("localhost")
    (tmp_path / "cert.pem").write_bytes(cert.cert_chain_pems[0].bytes())
    (tmp_path / "key.pem").write_bytes(cert.private_key_pem.bytes())
    settings = WebSettings(
        host="localhost", port=0, https_cert=tmp_path / "cert.pem", https_key=tmp_path / "key.pem"
    )
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with _listening(settings, gateway, settings.https()):
        address = capsys.readouterr().out.split()[4]
        assert address.startswith("https://localhost:")
        async with (
            aiohttp.ClientSession() as session,
            session.get(address, ssl=trusting) as page,
        ):
            assert page.status == 200


async def test_a_port_that_is_taken_is_told(gateway: Gateway) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SetupError, match=f"cannot listen on 127.0.0.1:{port}.*--port"):
            async with _listening(WebSettings(port=port), gateway, None):
                pass
