"""What goes to a mode and what comes back: the seam between a run and who does the work.

A mode is a function `(tasks, recipe, …) -> Iterator[Outcome]`. It takes tasks one by one as it has
room for them, so that memory stays flat, and yields one outcome a task, in any order but close to
the order of the tasks: the run holds back outcomes that come early. It writes nothing. All that it
needs for a task is the task and the recipe, so both can be sent to another process or machine.

In process, `local_hands.Maker(recipe).make(task)` does one task. A mode that sends tasks elsewhere
makes one `Maker` for each process there. Modes: `local_mode.run_local`, `mesh_mode.run_mesh`,
`ray_mode.run_ray(tasks, recipe, workers, local_hands.Maker)`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """One picture of the source.

    Attributes:
        index: Its place in the run, from 0.
        source: Its path relative to the source, with forward slashes.
        outputs: Paths, relative to the destination, of its variants.
        data: The encoded picture.
    """

    index: int
    source: str
    outputs: tuple[str, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class MadePicture:
    """An encoded picture that is to be written.

    Attributes:
        output: Its path relative to the destination.
        data: Its bytes.
    """

    output: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one task.

    Attributes:
        index: The task's index.
        pictures: What is to be written; empty if nothing could be made.
        lines: The task's lines of the manifest, as JSON without line ends; at least one.
    """

    index: int
    pictures: tuple[MadePicture, ...]
    lines: tuple[str, ...]
