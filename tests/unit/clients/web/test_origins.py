from __future__ import annotations

import pytest

from maskmesh.clients.web.origins import may_connect, normal_origin
from maskmesh.services.runtime.errors import InvalidInputError


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://Faces.Example", "https://faces.example"),
        ("https://faces.example:443/", "https://faces.example"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_origins_are_written_as_browsers_do(given: str, normal: str) -> None:
    assert normal_origin(given) == normal


@pytest.mark.parametrize(
    "given", ["faces.example", "ftp://a", "http://a/page", "http://u@a", "http://a:99999", "null"]
)
def test_what_is_no_origin_is_refused(given: str) -> None:
    with pytest.raises(InvalidInputError, match="no origin"):
        normal_origin(given)


@pytest.mark.parametrize(
    ("origin", "host", "only_loopback", "may"),
    [
        ("http://localhost:8080", "localhost:8080", True, True),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True, True),
        ("http://[::1]:8080", "[::1]:8080", True, True),
        ("http://localhost:8080", "127.0.0.1:8080", True, False),
        ("https://localhost:8080", "localhost:8080", True, False),
        # A name that an attacker points at this machine.
        ("http://rebound.example:8080", "rebound.example:8080", True, False),
        ("http://camera.lan:8080", "camera.lan:8080", False, True),
        ("https://allowed.example", "127.0.0.1:8080", True, True),
        (None, "127.0.0.1:8080", True, False),
        ("null", "127.0.0.1:8080", True, False),
        ("http://a", "a:b:c", False, False),
    ],
)
def test_who_may_connect(origin: str | None, host: str, only_loopback: bool, may: bool) -> None:
    allowed = {"https://allowed.example"}
    assert may_connect(origin, "http", host, allowed, only_loopback) is may
