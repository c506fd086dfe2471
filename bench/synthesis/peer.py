"""Mask synthesis beside MaskTheFace: the same pictures in turn, one thread each, in one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from maskmesh.bench.pairs import PairedTimes
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor, shipped_predictor_path
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.errors import MaskmeshError, NoFaceError, SetupError
from maskmesh.services.runtime.pictures import encode_jpeg, read_picture

STYLE, COLOUR = "surgical", "blue"
# What OpenCV, with which MaskTheFace writes, takes if nothing is said.
JPEG_QUALITY = 95
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# Pictures that one way masks before the next has its turn: about a chunk of `maskmesh synthesize`.
BLOCK = 50
PEER_PACKAGES = "imutils dotmap tqdm requests"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One picture, masked one way.

    Attributes:
        seconds: From the file to the file.
        search_seconds: Those of them that the search of the face took.
        written: Whether a masked picture was written.
        problem: Why not, if a reason was given.
    """

    seconds: float
    search_seconds: float
    written: bool
    problem: str = ""

    @property
    def rest_seconds(self) -> float:
        """All but the search: decoding, landmarks, mask, encoding."""
        return self.seconds - self.search_seconds


Way = Callable[[Path, Path], Outcome]
BlockWay = Callable[[Sequence[Path], Sequence[Path]], list[Outcome]]


@contextmanager
def mask_the_face(folder: Path, log_file: Path) -> Iterator[Way]:
    """Run MaskTheFace in a process of its own; see `peer_process`.

    Args:
        folder: A checkout of MaskTheFace.
        log_file: Gets what it prints.

    Yields:
        What masks one file with it, once it has loaded.

    Raises:
        SetupError: The folder holds no MaskTheFace, or it does not run.
    """
    if not (folder / "utils" / "aux_functions.py").is_file():
        raise SetupError(
            f"no MaskTheFace in {folder}: clone github.com/aqeelanwar/MaskTheFace and name its "
            "folder with --mask-the-face"
        )
    log_file.parent.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("peer_process.py")
    with (
        log_file.open("wb") as log,
        subprocess.Popen(  # noqa: S603 - nothing of it comes from a picture
            [sys.executable, script, folder.resolve(), shipped_predictor_path()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | ONE_THREAD,
        ) as process,
    ):
        _answer(process, log_file)

        def mask(source: Path, target: Path) -> Outcome:
            assert process.stdin is not None  # noqa: S101 - it was asked for
            process.stdin.write(json.dumps([str(source.resolve()), str(target.resolve())]) + "\n")
            process.stdin.flush()
            answer = _answer(process, log_file)
            seconds, search_seconds = answer["seconds"], answer["search_seconds"]
            return Outcome(seconds, search_seconds, answer["written"] > 0, answer["problem"])

        yield mask


def _answer(process: subprocess.Popen[str], log_file: Path) -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    line = process.stdout.readline()
    if not line:
        process.wait()
        said = log_file.read_text(errors="replace").strip().splitlines() or ["no word"]
        raise SetupError(
            f"MaskTheFace ended ({said[-1]}): if a package is missing, run pip install "
            f"--no-deps --target DIR {PEER_PACKAGES} and put DIR into PYTHONPATH"
        )
    answer: dict[str, Any] = json.loads(line)
    return answer


class OurWays:
    """The same work by this project, from file to file."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self._predictor = LandmarkPredictor()
        self._synthesizer = MaskSynthesizer(self._predictor)
        self._detector = HaarFaceDetector()

    def whole_pictures(self, sources: Sequence[Path], targets: Sequence[Path]) -> list[Outcome]:
        """Take each picture as a face, some at a time, as `maskmesh synthesize` does.

        The time is shared among them.
        """
        started = time.perf_counter()
        pictures = [read_picture(source, "keep") for source in sources]
        landmarks = self._predictor.predict_many(pictures, [None] * len(pictures))
        problems = []
        for pixels, points, target in zip(pictures, landmarks, targets, strict=True):
            try:
                masked = self._synthesizer.apply(
                    pixels, style=STYLE, colour=COLOUR, landmarks=points
                )
                target.write_bytes(encode_jpeg(masked.image, JPEG_QUALITY))
                problems.append("")
            except MaskmeshError as error:
                problems.append(str(error))
        seconds = (time.perf_counter() - started) / max(1, len(pictures))
        return [Outcome(seconds, 0.0, not problem, problem) for problem in problems]

    def located(self, source: Path, target: Path) -> Outcome:
        """Search the face first, as for photos."""
        started, search_seconds, problem = time.perf_counter(), 0.0, ""
        try:
            pixels = read_picture(source, "keep")
            began = time.perf_counter()
            gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
            found = self._detector.detect(gray)
            search_seconds = time.perf_counter() - began
            if not found:
                raise NoFaceError("no face was found: give a picture with one")
            masked = self._synthesizer.apply(pixels, style=STYLE, colour=COLOUR, box=found[0].box)
            target.write_bytes(encode_jpeg(masked.image, JPEG_QUALITY))
        except MaskmeshError as error:
            problem = str(error)
        return Outcome(time.perf_counter() - started, search_seconds, not problem, problem)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What every way made of every picture, in the same order."""

    theirs: tuple[Outcome, ...]
    whole_picture: tuple[Outcome, ...]
    located: tuple[Outcome, ...]

    def dropped(self) -> dict[str, int]:
        """How many pictures each way did not write."""
        ways = {
            "MaskTheFace": self.theirs,
            "maskmesh": self.whole_picture,
            "maskmesh, face searched": self.located,
        }
        return {name: sum(not one.written for one in way) for name, way in ways.items()}

    def pairs(self) -> dict[str, PairedTimes]:
        """Times of ours and theirs on the pictures that all three masked, by what is compared."""
        masked = [
            trio
            for trio in zip(self.theirs, self.whole_picture, self.located, strict=True)
            if all(one.written for one in trio)
        ]
        if not masked:
            raise NoFaceError("no picture was masked by all: give pictures of clear faces")
        theirs, whole, located = zip(*masked, strict=True)
        their_all = tuple(one.seconds for one in theirs)
        return {
            "picture is the face": PairedTimes(tuple(one.seconds for one in whole), their_all),
            "face searched": PairedTimes(tuple(one.seconds for one in located), their_all),
            "neither's search counted": PairedTimes(
                tuple(one.rest_seconds for one in located),
                tuple(one.rest_seconds for one in theirs),
            ),
        }


def side_by_side(
    pictures: Sequence[Path],
    folder: Path,
    scratch: Path,
    *,
    warm_up: int = 50,
    advance: Callable[[int], object] = int,
) -> SideBySide:
    """Mask every picture in three ways, fifty by fifty in turn; who begins changes.

    Args:
        pictures: Files; the first `warm_up` are masked once before, untimed.
        folder: A checkout of MaskTheFace.
        scratch: Folder for what is written.
        warm_up: How many pictures each way masks before: masks are drawn when first needed.
        advance: Called with how many pictures one way has masked since.

    Raises:
        SetupError: MaskTheFace does not run.
    """
    ours = OurWays()
    target_for = _targets(scratch)
    with mask_the_face(folder, scratch / "peer.log") as theirs:
        ways: tuple[BlockWay, ...] = (
            _one_by_one(theirs),
            ours.whole_pictures,
            _one_by_one(ours.located),
        )
        outcomes: tuple[list[Outcome], ...] = ([], [], [])
        for way in ways:
            first = pictures[:warm_up]
            way(first, [target_for(0, one) for one in first])
        for turn, start in enumerate(range(0, len(pictures), BLOCK)):
            block = pictures[start : start + BLOCK]
            for index in ((turn + shift) % 3 for shift in range(3)):
                outcomes[index].extend(
                    ways[index](block, [target_for(index, one) for one in block])
                )
                advance(len(block))
    return SideBySide(tuple(outcomes[0]), tuple(outcomes[1]), tuple(outcomes[2]))


def _one_by_one(way: Way) -> BlockWay:
    return lambda sources, targets: [
        way(source, target) for source, target in zip(sources, targets, strict=True)
    ]


def _targets(scratch: Path) -> Callable[[int, Path], Path]:
    folders = [scratch / name for name in ("mask_the_face", "whole_picture", "located")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return lambda way, picture: folders[way] / f"{picture.stem}.jpg"
