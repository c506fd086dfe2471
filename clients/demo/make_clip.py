"""Builds the demo's clip anew from three licence-clean photos.

Each face is shown bare and then with a drawn mask, first alone, at the end two side by side, under
a gentle hand-held movement. The clip lies beside this script as sample.mp4, and sample.json tells
what is in it. Run `python -m maskmesh.clients.demo.make_clip` in a checkout: the photos are test
fixtures, masks come from the project's own synthesis, and the H.264 encoder, which OpenCV's wheels
lack, from PyAV (`pip install av`).
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.demo.sample import SAMPLE_CLIP, SAMPLE_FACTS, Passage
from maskmesh.clients.mesh.results import Box
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.pictures import read_picture

FPS = 20
FRAMES_PER_PASSAGE = 30
SIZE = (640, 480)
HALF = (320, 480)
SEED = 7
# One thread and fixed settings: the same photos give the same clip.
ENCODER_OPTIONS = {"crf": "22", "preset": "slow", "threads": "1"}
CONTAINER_OPTIONS = {"movflags": "+faststart"}


@dataclass(frozen=True, slots=True)
class Person:
    """One photo.

    Attributes:
        file: Its file among the fixtures.
        face: Where dlib's detector sees the face, in pixels.
    """

    file: str
    face: Box


@dataclass(frozen=True, slots=True)
class Mask:
    """A style and a colour of mask_synthesis."""

    style: str
    colour: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown in one passage: people side by side, all with masks or none."""

    people: tuple[Person, ...]
    masks: tuple[Mask, ...] = ()


COLLINS = Person("astronaut.jpg", (175, 76, 91, 91))
OBAMA = Person("obama.jpg", (201, 81, 156, 156))
BIDEN = Person("biden.jpg", (236, 133, 155, 156))
SCENES = (
    Scene((COLLINS,)),
    Scene((COLLINS,), (Mask("surgical", "white"),)),
    Scene((OBAMA,)),
    Scene((OBAMA,), (Mask("cloth", "black"),)),
    Scene((BIDEN,)),
    Scene((BIDEN,), (Mask("surgical", "white"),)),
    Scene((OBAMA, COLLINS)),
    Scene((OBAMA, COLLINS), (Mask("surgical", "white"), Mask("cloth", "white"))),
)


def main() -> None:
    """Write the clip and its facts."""
    parser = argparse.ArgumentParser(description="Build the demo's clip anew.")
    parser.add_argument("--photos", type=Path, default=Path("tests/fixtures/faces"))
    parser.add_argument("--clip", type=Path, default=SAMPLE_CLIP)
    arguments = parser.parse_args()
    passages = write_clip(arguments.photos, arguments.clip)
    facts = {"fps": FPS, "passages": [passage.as_dict() for passage in passages]}
    facts_file = arguments.clip.with_name(SAMPLE_FACTS.name)
    facts_file.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def write_clip(photos: Path, clip: Path) -> list[Passage]:
    """Write the clip and return what is in it.

    Args:
        photos: Folder of the photos.
        clip: The clip's file.
    """
    synthesizer = MaskSynthesizer()
    passages: list[Passage] = []
    with ClipWriter(clip) as writer:
        for number, scene in enumerate(SCENES):
            stills = [_still(photos, scene, i, synthesizer) for i in range(len(scene.people))]
            first = number * FRAMES_PER_PASSAGE
            last = first + FRAMES_PER_PASSAGE - 1
            for frame in range(first, last + 1):
                writer.write(_picture(scene, stills, frame / FPS))
            passages.append(Passage(first, last, len(scene.people), bool(scene.masks)))
    return passages


class ClipWriter:
    """Writes an H.264 clip with PyAV."""

    def __init__(self, clip: Path) -> None:
        # Only this script needs PyAV; it is no dependency of the project.
        av: Any = importlib.import_module("av")
        self._frame_from = av.VideoFrame.from_ndarray
        self._container = av.open(str(clip), "w", options=CONTAINER_OPTIONS)
        self._stream = self._container.add_stream("libx264", rate=FPS, options=ENCODER_OPTIONS)
        self._stream.width, self._stream.height = SIZE
        self._stream.pix_fmt = "yuv420p"

    def write(self, bgr: NDArray[np.uint8]) -> None:
        """Add a frame, uint8 H×W×3."""
        frame = self._frame_from(np.ascontiguousarray(bgr), format="bgr24")
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._container.mux(self._stream.encode())
        self._container.close()


def _still(
    photos: Path, scene: Scene, index: int, synthesizer: MaskSynthesizer
) -> NDArray[np.uint8]:
    person = scene.people[index]
    rgb = read_picture(photos / person.file)
    if scene.masks:
        mask = scene.masks[index]
        rgb = synthesizer.apply(
            rgb,
            style=mask.style,
            colour=mask.colour,
            pattern="plain",
            seed=SEED,
            box=person.face,
        ).image
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _picture(scene: Scene, stills: list[NDArray[np.uint8]], time_s: float) -> NDArray[np.uint8]:
    size = SIZE if len(stills) == 1 else HALF
    views = [
        view(still, person.face, size, time_s, phase=2.0 * index)
        for index, (still, person) in enumerate(zip(stills, scene.people, strict=True))
    ]
    return np.hstack(views)


def view(
    still: NDArray[np.uint8], face: Box, size: tuple[int, int], time_s: float, phase: float
) -> NDArray[np.uint8]:
    """Return what a hand-held camera sees of a still: the face near the middle, in slow motion.

    Args:
        still: uint8 H×W×3.
        face: Where the face is in it.
        size: Width and height of the view in pixels.
        time_s: Time in seconds; decides the movement.
        phase: Shifts the movement, in radians.
    """
    height, width = still.shape[:2]
    x, y, face_width, face_height = face
    swing = 2.0 * math.pi * time_s + phase
    zoom = 0.28 * size[0] / face_width * (1.0 + 0.07 * math.sin(swing / 3.0))
    # Room for panning and turning, so that no edge of the photo is seen.
    zoom = max(zoom, 1.12 * size[0] / width, 1.12 * size[1] / height)
    turn = 2.0 * math.sin(swing / 4.0)
    seen = np.array(size) / zoom
    centre = np.array([x + face_width / 2, y + face_height / 2 + 0.06 * seen[1]])
    centre += seen * [0.03 * math.sin(swing / 2.5), 0.03 * math.sin(swing / 3.5)]
    room = seen / 2 + 0.03 * seen[::-1]
    centre = np.clip(centre, room, np.array([width, height]) - room)
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), turn, zoom)
    matrix[:, 2] += np.array(size) / 2 - centre
    shown = cv2.warpAffine(
        still, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(shown, dtype=np.uint8)


if __name__ == "__main__":
    main()
