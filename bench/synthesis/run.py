"""The parts of `maskmesh bench synthesis`: those that were asked for, one after the other."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
from rich.progress import Progress

from maskmesh.bench.synthesis.commands import synthesize_words
from maskmesh.bench.synthesis.kills import Kills, kill_and_resume
from maskmesh.bench.synthesis.memory import Course, watch
from maskmesh.bench.synthesis.peer import SideBySide, side_by_side
from maskmesh.bench.synthesis.rates import Rate, Words, sample, time_commands
from maskmesh.clients.inputs import PictureInputs
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import decode_picture
from maskmesh.services.runtime.processes import LocalMesh
from maskmesh.training.data_home import default_data

PORTRAIT_SIDE = 350
SEED = 1
# All faces are written, so that rates mean the same on any data.
EVERY_FACE = ("--seed", str(SEED), "--min-fit", "0")
FEW_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Results:
    """What was measured; None where a part was not asked for."""

    peer: SideBySide | None = None
    rates: dict[str, Rate] | None = None
    memory: list[Course] | None = None
    kills: Kills | None = None


def run(
    *,
    mask_the_face: Path | None,
    portraits: Path | None,
    portrait_count: int,
    data: Path | None,
    rate_faces: int,
    repeats: int,
    memory_faces: int,
    kills: int,
    kill_faces: int,
    workers: int,
    scratch: Path,
) -> Results:
    """Measure what was asked for; see the settings `BenchSynthesis` for the parameters.

    Raises:
        InvalidInputError: Nothing was asked for.
        NotFoundError: There are no pictures.
        SetupError: MaskTheFace, the mesh or a command does not run.
    """
    if not (mask_the_face or rate_faces or memory_faces or kills):
        raise InvalidInputError(
            "nothing to measure: give --mask-the-face, --rate-faces, --memory-faces or --kills"
        )
    faces = data or default_data() if rate_faces or memory_faces or kills else Path()
    return Results(
        peer=compare_with_peer(
            portraits or default_data("portraits_350px.zip"), portrait_count, mask_the_face, scratch
        )
        if mask_the_face
        else None,
        rates=measure_rates(faces, rate_faces, workers, repeats, scratch) if rate_faces else None,
        memory=watch_memory(faces, memory_faces, workers, scratch) if memory_faces else None,
        kills=kill(faces, kill_faces, workers, kills, scratch) if kills else None,
    )


def compare_with_peer(data: Path, count: int, mask_the_face: Path, scratch: Path) -> SideBySide:
    """Mask portraits of 350 × 350 pixels with MaskTheFace and with maskmesh.

    Args:
        data: Folder or zip; other sizes are left out.
        count: How many portraits, at most.
        mask_the_face: A checkout of MaskTheFace.
        scratch: Folder for what is written.

    Raises:
        NotFoundError: There are no such portraits.
        SetupError: MaskTheFace does not run.
    """
    portraits = unpack_portraits(data, count, scratch / "portraits")
    with _progress("beside MaskTheFace", 3 * len(portraits)) as advance:
        return side_by_side(portraits, mask_the_face, scratch, advance=advance)


def unpack_portraits(data: Path, count: int, folder: Path) -> list[Path]:
    """Write the first pictures of 350 × 350 pixels, evenly from all, as files of one folder.

    Raises:
        NotFoundError: There is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with PictureInputs(data) as inputs:
        suitable = {}
        for picture in inputs.pictures:
            content = picture.read()
            if decode_picture(content, "L").shape == (PORTRAIT_SIDE, PORTRAIT_SIDE):
                suitable[picture.file] = content
    if not suitable:
        raise NotFoundError(f"no pictures of {PORTRAIT_SIDE} × {PORTRAIT_SIDE} pixels in {data}")
    step = max(1, len(suitable) // count)
    files = []
    for name, content in list(suitable.items())[::step][:count]:
        file = folder / name.replace("/", "_")
        file.write_bytes(content)
        files.append(file)
    return files


def measure_rates(
    data: Path, faces: int, workers: int, repeats: int, scratch: Path
) -> dict[str, Rate]:
    """Time `maskmesh synthesize` in this machine's processes and over a mesh of real servers.

    Args:
        data: Folder or zip of small faces.
        faces: How many, at most, the long runs take.
        workers: Of either mode.
        repeats: How often each mode runs.
        scratch: Folder for what is written.
    """
    sources = _sources(data, (max(1, round(faces * FEW_SHARE)), faces), scratch)
    options = (*EVERY_FACE, "--workers", str(workers))

    def local(source: Path, target: Path) -> list[str]:
        return synthesize_words(source, target, *options, "--mode", "local")

    with ExitStack() as stack:
        # Whoever wants all cores starts a service for each.
        meshes = [
            stack.enter_context(
                LocalMesh(port=three_free_ports(), log_file=scratch / f"mesh{number}.log")
            )
            for number in range(workers)
        ]
        over = [word for mesh in meshes for word in ("--mesh", mesh.addresses.location)]

        def over_mesh(source: Path, target: Path) -> list[str]:
            return synthesize_words(source, target, *options, "--mode", "mesh", *over)

        commands: dict[str, Words] = {"in-process": local, "over the mesh": over_mesh}
        with _progress("rates", 2 * len(commands) * repeats) as advance:
            return time_commands(commands, sources, scratch, repeats, advance=advance)


def three_free_ports() -> int:
    """Return the first of three ports in a row that are free now."""
    while True:
        with ExitStack() as stack:
            first = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            try:
                for port in (first + 1, first + 2):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except (OSError, OverflowError):
                continue
            return int(first)


def watch_memory(data: Path, faces: int, workers: int, scratch: Path) -> list[Course]:
    """Watch the memory of an in-process run.

    Args:
        data: Folder or zip of small faces.
        faces: How many, at most.
        workers: How many processes do the work.
        scratch: Folder for what is written.
    """
    (source,) = _sources(data, (faces,), scratch).values()
    target = scratch / "watched"
    options = (*EVERY_FACE, "--workers", str(workers), "--mode", "local")
    with _progress("memory", None) as advance:
        courses = watch(
            synthesize_words(source, target, *options), scratch / "memory.log", advance=advance
        )
    shutil.rmtree(target)
    return courses


def kill(data: Path, faces: int, workers: int, times: int, scratch: Path) -> Kills:
    """Kill in-process runs at random moments, resume them, compare what they made.

    Args:
        data: Folder or zip of small faces.
        faces: How many, at most.
        workers: How many processes do the work.
        times: How many kills.
        scratch: Folder for what is written.
    """
    (source,) = _sources(data, (faces,), scratch).values()
    options = (*EVERY_FACE, "--workers", str(workers), "--mode", "local")
    with _progress("kills", times) as advance:
        return kill_and_resume(
            lambda target: synthesize_words(source, target, *options),
            scratch / "kills",
            times,
            SEED,
            advance=advance,
        )


def _sources(data: Path, counts: tuple[int, ...], scratch: Path) -> dict[int, Path]:
    scratch.mkdir(parents=True, exist_ok=True)
    sources = {}
    for count in counts:
        target = scratch / f"faces{count}.zip"
        sources[sample(data, count, target)] = target
    return sources


@contextmanager
def _progress(name: str, total: int | None) -> Iterator[Callable[..., None]]:
    cv2.setNumThreads(1)
    with Progress(transient=True) as progress:
        task = progress.add_task(name, total=total)
        yield lambda done=1: progress.advance(task, done)
