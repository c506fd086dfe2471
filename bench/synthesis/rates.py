"""Pictures a second of whole commands, with and without their start, side by side in one run."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maskmesh.bench.synthesis.commands import run_logged
from maskmesh.clients.inputs import PictureInputs

Words = Callable[[Path, Path], Sequence[str]]
"""Gives the words of a command that makes a destination (second) of a source (first)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a command is.

    Attributes:
        few: How many pictures the short runs had.
        many: How many the long runs had.
        few_s: Seconds of the short runs, start and end of the command included.
        many_s: Seconds of the long runs.
    """

    few: int
    many: int
    few_s: tuple[float, ...]
    many_s: tuple[float, ...]

    @property
    def whole(self) -> float:
        """Pictures a second of the long runs, with start and end: their median."""
        return float(np.median(self.many / np.array(self.many_s)))

    @property
    def running(self) -> tuple[float, ...]:
        """Pictures a second without start and end, of each pair of a short and a long run."""
        more = np.array(self.many_s) - np.array(self.few_s)
        rates = (self.many - self.few) / np.maximum(more, 1e-9)
        return tuple(float(rate) for rate in rates)

    @property
    def start_s(self) -> float:
        """Seconds that start and end of the command take: the median."""
        starts = np.array(self.few_s) - self.few / np.array(self.running)
        return float(np.median(starts))


def sample(data: Path, count: int, target: Path, seed: int = 0) -> int:
    """Pack pictures drawn by lot into a zip, as they are.

    Args:
        data: Folder or zip of pictures.
        count: How many, at most.
        target: The zip.
        seed: Decides the lot.

    Returns:
        How many it holds.
    """
    with PictureInputs(data) as inputs, zipfile.ZipFile(target, "w") as archive:
        order = np.random.default_rng(seed).permutation(len(inputs.pictures))[:count]
        for index in sorted(order.tolist()):
            picture = inputs.pictures[index]
            archive.writestr(picture.file, picture.read())
    return len(order)


def time_commands(
    commands: Mapping[str, Words],
    sources: Mapping[int, Path],
    scratch: Path,
    repeats: int,
    *,
    advance: Callable[[], None] = lambda: None,
) -> dict[str, Rate]:
    """Run commands in turn on few and on many pictures; who begins changes.

    Args:
        commands: By name.
        sources: A short and a long one, by how many pictures they hold.
        scratch: Folder for what they make, and for what they say.
        repeats: How often each runs on each source.
        advance: Called after every run.

    Raises:
        SetupError: A command fails.
    """
    few, many = sorted(sources)
    times: dict[tuple[str, int], list[float]] = {
        (name, count): [] for name in commands for count in sources
    }
    for turn in range(repeats):
        names = list(commands)
        for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
            for count in (few, many):
                target = scratch / "made"
                words = commands[name](sources[count], target)
                times[name, count].append(run_logged(words, scratch / f"{name}.log"))
                shutil.rmtree(target)
                advance()
    return {
        name: Rate(few, many, tuple(times[name, few]), tuple(times[name, many]))
        for name in commands
    }
