"""What makes two runs the same run: the recipe and the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskmesh.clients.synthesize.recipe import Recipe

SOURCE = "source"
# The words that users give for what a recipe calls otherwise.
_OPTIONS = {"picture_format": "format", "masks": "mask"}


def run_identity(recipe: Recipe, source: str) -> dict[str, Any]:
    """Return all that decides a run's result, as JSON has it.

    Args:
        recipe: How masks are put on.
        source: The fingerprint of the source.

    Raises:
        OSError: A mask's or the predictor's file cannot be read.
    """
    return {**recipe.described(), SOURCE: source}


def differences(there: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Say in which options two runs differ, e.g. "--seed 1 (now 2), --style cloth (now n95)".

    Args:
        there: Identity of the run that was.
        given: Identity of the run that is to be.

    Returns:
        "" if they are the same run.
    """
    names = [key for key in (*there, *(given.keys() - there.keys())) if key != SOURCE]
    told = [
        f"--{_OPTIONS.get(key, key).replace('_', '-')} {_value(there.get(key))} "
        f"(now {_value(given.get(key))})"
        for key in names
        if there.get(key) != given.get(key)
    ]
    if there.get(SOURCE) != given.get(SOURCE):
        told.append("another source, or pictures of it changed")
    return ", ".join(told)


def _value(value: object) -> str:
    if value is None or value == []:
        return "unset"
    if isinstance(value, float):
        return f"{value:g}"
    # Files are known by their hashes, which tell users nothing.
    return "another" if "sha256:" in str(value) else str(value)
