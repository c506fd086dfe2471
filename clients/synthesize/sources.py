"""What a run makes of its source: tasks, and what is skipped before any work is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from maskmesh.clients.inputs import PictureInput, PictureInputs
from maskmesh.clients.synthesize.lines import skipped_line
from maskmesh.clients.synthesize.making import JPEG_SUFFIXES
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.reports import is_reserved
from maskmesh.clients.synthesize.tasks import Task
from maskmesh.services.runtime.errors import InvalidInputError

LINK = "a symbolic link: it is not followed"
UNSAFE = "its name leads out of the destination: it is not written"
NO_TEXT = "its name is no text in UTF-8: rename it"
TWICE = "another entry has the same name"
ALIKE = "its output would be called as that of another picture of the same name"
KEEP_ALIKE = f"{ALIKE}: --format keep keeps both"
RENAME_ALIKE = f"{ALIKE}: rename one of them"
RESERVED = "the manifest, summary and contact sheets are called so in the destination: rename it"


@dataclass(frozen=True, slots=True)
class Planned:
    """One entry of the source.

    Attributes:
        source: Its path relative to the source.
        outputs: Paths of its variants relative to the destination; empty if it is skipped.
        picture: How to read it; None if it is skipped.
        line: The line of the manifest if it is skipped, else "".
    """

    source: str
    outputs: tuple[str, ...]
    picture: PictureInput | None
    line: str


def plan(inputs: PictureInputs, recipe: Recipe) -> list[Planned]:
    """Say what becomes of every entry of the source, in the order of their paths.

    Args:
        inputs: All entries of the source.
        recipe: How masks are put on.
    """
    left_out = [
        Planned(entry.file, (), None, skipped_line(entry.file, entry.reason))
        for entry in inputs.left_out
    ]
    taken: dict[str, str] = {}
    pictures = [_planned(picture, recipe, taken) for picture in inputs.pictures]
    return sorted([*pictures, *left_out], key=lambda planned: planned.source)


def fingerprint(inputs: PictureInputs) -> str:
    """Hash names, sizes and times of all pictures: it changes when the source does."""
    digest = hashlib.sha256()
    for picture in inputs.pictures:
        digest.update(json.dumps([picture.file, picture.stamp]).encode())
    return digest.hexdigest()


def tasks(planned: Sequence[Planned], done: frozenset[int]) -> Iterator[Task | tuple[int, str]]:
    """Read the pictures that are still to be done, one by one.

    Args:
        planned: All entries; an entry's index is its task's.
        done: Indices that need no work any more.

    Yields:
        A task; or, for a picture that cannot be read, its index and its line of the manifest.
    """
    for index, entry in enumerate(planned):
        if entry.picture is None or index in done:
            continue
        try:
            data = entry.picture.read()
        except InvalidInputError as error:
            yield index, skipped_line(entry.source, str(error))
        else:
            yield Task(index, entry.source, entry.outputs, data)


def _planned(picture: PictureInput, recipe: Recipe, taken: dict[str, str]) -> Planned:
    outputs = output_names(picture.file, recipe)
    reason = _reason_to_skip(picture, outputs, recipe, taken)
    if reason is not None:
        return Planned(picture.file, (), None, skipped_line(picture.file, reason))
    taken.update(dict.fromkeys(outputs, picture.file))
    return Planned(picture.file, outputs, picture, "")


def _reason_to_skip(
    picture: PictureInput, outputs: tuple[str, ...], recipe: Recipe, taken: Mapping[str, str]
) -> str | None:
    if picture.is_link:
        return LINK
    if not is_safe(picture.file):
        return UNSAFE
    if any("\ud800" <= letter <= "\udfff" for letter in picture.file):
        return NO_TEXT
    if any(map(is_reserved, outputs)):
        return RESERVED
    other = next((taken[output] for output in outputs if output in taken), None)
    return None if other is None else _reason_to_skip_second(picture.file, other, recipe)


def _reason_to_skip_second(file: str, other: str, recipe: Recipe) -> str:
    if file == other:
        return TWICE
    kept = replace(recipe, picture_format="keep")
    apart = set(output_names(file, kept)).isdisjoint(output_names(other, kept))
    return KEEP_ALIKE if apart else RENAME_ALIKE


def output_names(source: str, recipe: Recipe) -> tuple[str, ...]:
    """Return the paths of a picture's variants: as in the source, with a number if many."""
    path = PurePosixPath(source)
    is_jpeg = path.suffix.lower() in JPEG_SUFFIXES
    keeps_jpeg = recipe.picture_format == "keep" and is_jpeg
    if recipe.picture_format == "jpeg" or keeps_jpeg:
        suffix = path.suffix if is_jpeg else ".jpg"
    else:
        suffix = path.suffix if path.suffix.lower() == ".png" else ".png"
    if recipe.variants == 1:
        return (path.with_suffix(suffix).as_posix(),)
    return tuple(
        path.with_name(f"{path.stem}_{variant}{suffix}").as_posix()
        for variant in range(recipe.variants)
    )


def is_safe(name: str) -> bool:
    """Tell whether a name from a zip stays inside the folder that it is written to."""
    parts = name.split("/")
    rooted = name.startswith("/") or (len(name) > 1 and name[1] == ":")
    odd = "\\" in name or "\0" in name
    return not rooted and not odd and not any(part in {"", ".", ".."} for part in parts)
