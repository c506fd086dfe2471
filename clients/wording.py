"""Numbers in sentences."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Return e.g. "1 face", "2,048 faces".

    Args:
        count: How many.
        noun: In the singular; takes an s.
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
