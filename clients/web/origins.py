"""Which pages may open a WebSocket: the gateway's own, and those that its owner names."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.security.binding import is_loopback

_DEFAULT_PORTS = {"http": 80, "https": 443}


def normal_origin(origin: str) -> str:
    """Return an origin as browsers write it, e.g. "https://faces.example".

    Raises:
        InvalidInputError: It is no http:// or https:// address of a host alone.
    """
    parts = urlsplit(origin)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if (
        parts.scheme not in _DEFAULT_PORTS
        or not parts.hostname
        or port == -1
        or parts.path not in ("", "/")
        or parts.query
        or parts.username is not None
    ):
        raise InvalidInputError(
            f"{origin!r} is no origin: give scheme and host, e.g. https://faces.example"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown_port = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown_port}"


def may_connect(
    origin: str | None, scheme: str, host: str, allowed: Collection[str], only_loopback: bool
) -> bool:
    """Return whether a page may open a WebSocket.

    Browsers let any page open one to any address, and say only in the Origin header whose page it
    is. A name that an attacker points at 127.0.0.1 (DNS rebinding) would make a foreign page look
    like ours: a gateway on loopback answers only to names of loopback.

    Args:
        origin: The Origin header; None: there is none, and the caller is no browser.
        scheme: "http" or "https", which the gateway is called by.
        host: The Host header.
        allowed: Further origins, in the normal form.
        only_loopback: Whether the gateway listens on loopback alone.
    """
    if origin is None:
        return False
    try:
        asking = normal_origin(origin)
        own = normal_origin(f"{scheme}://{host}")
    except InvalidInputError:
        return False
    if asking in allowed:
        return True
    return asking == own and (not only_loopback or is_loopback(urlsplit(own).hostname or ""))
