"""The line by which a service tells the process that started it that it serves, and where."""

from __future__ import annotations

_PREFIX = "ready"


def ready_line(name: str, address: str) -> str:
    """Return `ready NAME HOST:PORT`, with its line end."""
    return f"{_PREFIX} {name} {address}\n"


def address_in(line: str, name: str) -> str | None:
    """Return the HOST:PORT of a service's ready line; None if the line is another."""
    words = line.split()
    return words[2] if len(words) == 3 and words[:2] == [_PREFIX, name] else None
