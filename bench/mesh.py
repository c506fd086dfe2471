"""A frame through all three hops of the mesh, against the same calls in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from maskmesh.bench.pairs import PairedTimes, time_pairs
from maskmesh.clients.mesh import MeshClient
from maskmesh.clients.streaming.crops import crop_faces
from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.repository import find_model
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.services.runtime.pictures import read_picture
from maskmesh.services.runtime.processes import LocalMesh

FRAME_WIDTH, FRAME_HEIGHT = 640, 480
STYLE, COLOUR, SEED = "surgical", "white", 7


@dataclass(frozen=True, slots=True)
class HopTimes:
    """Paired times of the whole way and of each hop: mesh first, this process second."""

    whole: PairedTimes
    locate: PairedTimes
    mask: PairedTimes
    classify: PairedTimes


class InProcess:
    """The three algorithms without any service."""

    def __init__(self) -> None:
        self._detector = HaarFaceDetector()
        self._synthesizer = MaskSynthesizer()
        self._classifier = ExpressionClassifier(find_model())

    def locate(self, gray: NDArray[np.uint8]) -> tuple[int, int, int, int]:
        """Return the box of the best face."""
        found = self._detector.detect(gray)
        return found[0].box if found else _no_face()

    def mask(self, gray: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """Return the frame with a mask on the face."""
        masked = self._synthesizer.apply(gray, style=STYLE, colour=COLOUR, seed=SEED, box=box)
        return masked.image

    def classify(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the seven probabilities of a crop."""
        return np.asarray(self._classifier.classify([crop]).probabilities[0])


class OverTheMesh:
    """The same three calls, each a single RPC with raw gray pixels."""

    def __init__(self, client: MeshClient) -> None:
        self._client = client

    def locate(self, gray: NDArray[np.uint8]) -> tuple[int, int, int, int]:
        """Return the box of the best face."""
        found = self._client.locate(gray)
        return found[0].box if found else _no_face()

    def mask(self, gray: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """Return the frame with a mask on the face."""
        return self._client.apply_mask(gray, box, STYLE, COLOUR, SEED).image

    def classify(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the seven probabilities of a crop."""
        return np.array(self._client.classify([crop])[0].probabilities, np.float32)


Way = InProcess | OverTheMesh


def frame_with_one_face(photo: Path) -> NDArray[np.uint8]:
    """Return a gray 640×480 frame, uint8, with a photo's upper part in its middle."""
    gray = read_picture(photo, "L")
    scale = FRAME_HEIGHT / gray.shape[0]
    width = min(FRAME_WIDTH, round(gray.shape[1] * scale))
    frame = np.full((FRAME_HEIGHT, FRAME_WIDTH), 127, np.uint8)
    left = (FRAME_WIDTH - width) // 2
    resized = cv2.resize(gray, (width, FRAME_HEIGHT), interpolation=cv2.INTER_AREA)
    frame[:, left : left + width] = resized
    return frame


def run_frame(way: Way, gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Take a frame through location, synthesis and classification."""
    box = way.locate(gray)
    masked = way.mask(gray, box)
    return way.classify(crop_faces(masked, [box])[0])


def measure(photo: Path, pairs: int) -> HopTimes:
    """Boot a mesh and time it against this process, hop by hop.

    Raises:
        NoFaceError: The detector finds no face in the frame.
        SetupError: The mesh does not start.
        RuntimeError: Mesh and process do not give the same answer, so that the comparison is void.
    """
    cv2.setNumThreads(1)
    gray = frame_with_one_face(photo)
    local = InProcess()
    with (
        LocalMesh(log_file=Path("out/bench/mesh.log")) as mesh,
        MeshClient(mesh.addresses) as client,
    ):
        remote = OverTheMesh(client)
        if not np.allclose(run_frame(remote, gray), run_frame(local, gray), atol=1e-6):
            raise RuntimeError("the mesh and the algorithms in process give different answers")
        box = local.locate(gray)
        crop = crop_faces(gray, [box])[0]
        compare = partial(_compare, remote, local, pairs)
        return HopTimes(
            whole=compare("whole way", lambda way: run_frame(way, gray)),
            locate=compare("locate", lambda way: way.locate(gray)),
            mask=compare("mask", lambda way: way.mask(gray, box)),
            classify=compare("classify", lambda way: way.classify(crop)),
        )


def report(times: HopTimes, json_file: Path | None) -> None:
    """Print a table of the times and write them as JSON if asked."""
    table = Table(title=f"{FRAME_WIDTH}×{FRAME_HEIGHT} gray, one face, one call after another")
    for heading in ("hop", "mesh ms", "in process ms", "rate, mesh / in process", "5–95 %"):
        table.add_column(heading, justify="left" if heading == "hop" else "right")
    rows: dict[str, dict[str, Any]] = {}
    for name in ("locate", "mask", "classify", "whole"):
        pair: PairedTimes = getattr(times, name)
        mesh_ms, local_ms = (1000 * float(np.median(side)) for side in (pair.first, pair.second))
        low, high = pair.ratio_interval
        table.add_row(
            name, f"{mesh_ms:.2f}", f"{local_ms:.2f}", f"{pair.ratio:.3f}", f"{low:.2f}–{high:.2f}"
        )
        rows[name] = {"mesh_ms": mesh_ms, "in_process_ms": local_ms, "rate_ratio": pair.ratio}
    Console().print(table)
    if json_file:
        json_file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _compare(
    remote: OverTheMesh, local: InProcess, pairs: int, name: str, work: Callable[[Way], object]
) -> PairedTimes:
    with Progress(transient=True) as progress:
        task = progress.add_task(f"{name:<10}", total=pairs)
        return time_pairs(
            lambda: work(remote), lambda: work(local), pairs, advance=lambda: progress.advance(task)
        )


def _no_face() -> tuple[int, int, int, int]:
    raise NoFaceError("the detector finds no face in the frame: name a photo with a clear one")
