"""Tables and numbers in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from maskmesh.training.evaluation.intervals import Interval

NOTHING = "–"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """Return a table; all columns but the first `words` are set to the right."""
    sides = ["---" if column < words else "---:" for column in range(len(headings))]
    lines = [headings, sides, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def percent(share: float | None, interval: Interval | None = None) -> str:
    """Return "51.2 %" or "51.2 % (49.5 to 52.8)"; a dash where there is no share."""
    if share is None:
        return NOTHING
    within = f" ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})" if interval else ""
    return f"{100 * share:.1f} %{within}"


def plain(value: float, interval: Interval) -> str:
    """Return "0.512 (0.495 to 0.528)"."""
    return f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"
