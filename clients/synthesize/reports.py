"""What a finished run tells of itself: the manifest, a summary, contact sheets."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from maskmesh.clients.synthesize.lines import WRITTEN
from maskmesh.clients.synthesize.sheets import SHEET_PREFIX, SHEET_SUFFIX, Sheets

MANIFEST, SUMMARY = "manifest.jsonl", "summary.json"


def is_reserved(output: str) -> bool:
    """Tell whether an output would lie where a run's reports do.

    Args:
        output: Path relative to the destination, with forward slashes.
    """
    first = output.split("/", maxsplit=1)[0].lower()
    is_sheet = first.startswith(f"{SHEET_PREFIX}.") and first.endswith(SHEET_SUFFIX)
    return is_sheet or first in (MANIFEST, SUMMARY)


class Reasons:
    """Counts why faces were skipped; reasons that differ in numbers or names only add up."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._texts: dict[str, str] = {}

    def add(self, reason: str) -> None:
        """Count a reason."""
        kind = " ".join("…" if _varies(word) else word for word in reason.split())
        self._counts[kind] += 1
        if self._texts.setdefault(kind, reason) != reason:
            self._texts[kind] = kind

    def summary(self) -> dict[str, int]:
        """Return the counts, the most frequent reason first."""
        return {self._texts[kind]: count for kind, count in self._counts.most_common()}


class Tally:
    """Counts the lines of a manifest, in flat memory."""

    def __init__(self) -> None:
        self._status: Counter[str] = Counter()
        self._classes: dict[str, Counter[str]] = defaultdict(Counter)
        self._reasons = Reasons()
        self._wearing: dict[str, Counter[str]] = defaultdict(Counter)
        self.sheets = Sheets()

    def add(self, line: str) -> None:
        """Count a line."""
        entry = json.loads(line)
        self._status[entry["status"]] += 1
        self._classes[entry["class"]][entry["status"]] += 1
        if entry["status"] == WRITTEN:
            for key in ("style", "pattern", "position"):
                self._wearing[key][entry[key]] += 1
            self.sheets.draw_lot(entry)
        else:
            self._reasons.add(entry["reason"])

    def summary(self, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Return all counts, with what decided the run's result."""
        return {
            "faces": dict(sorted(self._status.items())),
            "classes": {name: dict(sorted(c.items())) for name, c in sorted(self._classes.items())},
            "reasons": self._reasons.summary(),
            **{key: dict(sorted(counts.items())) for key, counts in sorted(self._wearing.items())},
            "run": dict(identity),
        }


def write_reports(
    lines: Iterable[str], identity: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """Write manifest, summary and a contact sheet of each class beside the pictures.

    Args:
        lines: Of the manifest, in its order.
        identity: All that decided the run's result.
        folder: Where the pictures are.

    Returns:
        The summary.

    Raises:
        OSError: The disk is full.
    """
    tally = Tally()
    with (folder / MANIFEST).open("w", encoding="ascii") as manifest:
        for line in lines:
            manifest.write(f"{line}\n")
            tally.add(line)
    tally.sheets.write(folder)
    summary = tally.summary(identity)
    (folder / SUMMARY).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return summary


def _varies(word: str) -> bool:
    """Tell whether a word is a number or a name, which is another for every picture."""
    return any(map(str.isdigit, word)) or word.lstrip("(").startswith(("'", '"', "/"))
