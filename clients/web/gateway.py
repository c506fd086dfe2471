"""The web server: the page's files, and the WebSocket that its frames come by."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet

from aiohttp import WSCloseCode, web

from maskmesh.clients.web.messages import HEADER
from maskmesh.clients.web.origins import may_connect
from maskmesh.clients.web.palette_module import palette_module
from maskmesh.clients.web.session import Session, Shared
from maskmesh.services.runtime.logging import get_logger

PAGE = Path(__file__).parent / "page"
HEARTBEAT_S = 20.0
"""A browser that does not answer for this long is gone."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # The files come with an ETag: a browser asks whether its copy is fresh, and after an upgrade
    # has no mix of old and new modules.
    "Cache-Control": "no-cache",
}

_log = get_logger("web")


@dataclass(frozen=True, slots=True)
class Doors:
    """Who is let in.

    Attributes:
        allowed_origins: Foreign pages that may connect, in the normal form.
        only_loopback: Whether the gateway listens on loopback alone.
        max_connections: How many browsers may be connected at once.
    """

    allowed_origins: frozenset[str] = frozenset()
    only_loopback: bool = True
    max_connections: int = 48


class Gateway:
    """Serves the page and its WebSockets.

    Args:
        shared: What all browsers share.
        doors: Who is let in.
    """

    def __init__(self, shared: Shared, doors: Doors) -> None:
        self._shared = shared
        self._doors = doors
        self._sockets: WeakSet[web.WebSocketResponse] = WeakSet()
        self._connected = 0

    def application(self) -> web.Application:
        """Return the application that an aiohttp server runs."""
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/page/expressions.js", self._expressions)
        app.router.add_get("/socket", self._socket)
        app.router.add_static("/page/", PAGE)
        app.on_response_prepare.append(_add_headers)
        app.on_shutdown.append(self._close_all)
        return app

    async def _index(self, request: web.Request) -> web.FileResponse:  # noqa: ARG002
        return web.FileResponse(PAGE / "index.html")

    async def _expressions(self, request: web.Request) -> web.Response:  # noqa: ARG002
        return web.Response(text=palette_module(), content_type="text/javascript")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        origin = request.headers.get("Origin")
        doors = self._doors
        if not may_connect(
            origin, request.scheme, request.host, doors.allowed_origins, doors.only_loopback
        ):
            _log.warning("a page of another origin was refused", origin=origin)
            raise web.HTTPForbidden(
                text="only pages of this server may connect; its owner can name others with "
                "--allow-origin\n"
            )
        largest = self._shared.max_frame_bytes + HEADER.size
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=largest, compress=False)
        await socket.prepare(request)
        if self._connected >= doors.max_connections:
            await _refuse(socket, doors.max_connections)
            return socket
        self._connected += 1
        self._sockets.add(socket)
        try:
            await Session(socket, self._shared).run()
        finally:
            self._connected -= 1
        return socket

    async def _close_all(self, app: web.Application) -> None:  # noqa: ARG002
        closing = [
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"the server is stopping")
            for socket in self._sockets
        ]
        await asyncio.gather(*closing, return_exceptions=True)


async def _refuse(socket: web.WebSocketResponse, limit: int) -> None:
    message = f"{limit} browsers are connected, which is the limit: try again later"
    await socket.send_json({"type": "refused", "message": message})
    await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too many browsers")


async def _add_headers(
    request: web.Request,  # noqa: ARG001 - the library's signature
    response: web.StreamResponse,
) -> None:
    response.headers.update(HEADERS)
