"""Answers of the classifier over time, without smoothing, from clips that are drawn or shipped."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.mesh.client import MeshClient
from maskmesh.clients.mesh.results import Expression
from maskmesh.clients.streaming.frames import Entry, Frame
from maskmesh.clients.streaming.masking import FrameMasker, MaskWish
from maskmesh.clients.streaming.pipeline import FramePipeline
from maskmesh.clients.streaming.results import FrameResult
from maskmesh.clients.streaming.sources import open_source
from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.errors import MaskmeshError, NoFaceError
from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.inference import classify_faces

SECONDS_EACH = 3
"""How long each face of the switching clip is shown."""
FAST = (0.015, 0.015, 0.02, 0.5, 1.0)
SLOW = (0.03, 0.03, 0.04, 3.0, 8.0)
"""Standard deviations of the trembling and of the drift: shift across and down as shares of the
side, logarithm of the scale, turn in degrees, brightness in levels."""
DRIFT_S = 0.5
NOISE = 4.0

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was measured of one face in one frame."""

    track: int
    time_s: float
    expression: Expression


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one track in which one face is seen.

    Attributes:
        start_s: When it begins, in seconds.
        end_s: When it is over.
        settled: The label that the classifier gives it on the average.
        masked: Whether the face wears a mask.
    """

    start_s: float
    end_s: float
    settled: str
    masked: bool


def clip_answers(
    client: MeshClient, clip: Path, change: Callable[[Picture], Picture], masked: bool
) -> list[Answer]:
    """Take a clip through a mesh.

    Args:
        client: The mesh.
        clip: The clip's file.
        change: Makes each frame, uint8 H×W×3, into the one that is sent.
        masked: Whether masks are put on.

    Raises:
        MaskmeshError: A frame could not be used.
    """
    source = open_source(str(clip))
    frames = [
        replace(entry, bgr=change(entry.bgr))
        for entry in source.entries()
        if isinstance(entry, Frame)
    ]
    source.close()
    masker = FrameMasker(client, MaskWish("", "", 1)) if masked else None
    answers = []
    for outcome in FramePipeline(client, client, masker).run(_Frames(frames)):
        if not isinstance(outcome, FrameResult):
            raise MaskmeshError(f"frame {outcome.index} could not be used: {outcome.message}")
        answers += [
            Answer(face.track or 0, outcome.frame.time_s, face.expression) for face in outcome.faces
        ]
    return answers


class _Frames:
    """A feed of frames that are all there."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = deque(frames)

    def take(self, wait: bool) -> Entry | None:  # noqa: ARG002 - the protocol's
        return self._frames.popleft() if self._frames else None


def switching_answers(
    faces: LabelledFaces, classifier: ExpressionClassifier, seed: int, count: int, fps: float
) -> tuple[list[Answer], list[Passage]]:
    """Classify a drawn clip in which `count` faces, each of another class, follow each other.

    Every second one wears a mask. Faces tremble and drift as cameras and boxes do.
    """
    random = np.random.default_rng(seed)
    chosen = _chain(faces.labels, random, count)
    synthesizer = MaskSynthesizer()
    stills = [
        _masked(faces.images[index], synthesizer, number) if number % 2 else faces.images[index]
        for number, index in enumerate(chosen)
    ]
    each = round(SECONDS_EACH * fps)
    out = classify_faces(classifier, np.stack(list(_tremble(stills, each, fps, random))))
    answers = [
        Answer(1, number / fps, _expression(probabilities, mask))
        for number, (probabilities, mask) in enumerate(
            zip(out.probabilities, out.mask, strict=True)
        )
    ]
    means = out.probabilities.reshape(len(stills), each, -1).mean(axis=1)
    passages = [
        Passage(k * each / fps, (k + 1) * each / fps, EXPRESSIONS[int(mean.argmax())], k % 2 == 1)
        for k, mean in enumerate(means)
    ]
    return answers, passages


def _chain(labels: NDArray[np.int64], random: np.random.Generator, count: int) -> list[int]:
    chosen: list[int] = []
    for index in random.permutation(len(labels)):
        if not chosen or labels[index] != labels[chosen[-1]]:
            chosen.append(int(index))
        if len(chosen) == count:
            break
    return chosen


def _masked(still: Picture, synthesizer: MaskSynthesizer, seed: int) -> Picture:
    try:
        return synthesizer.apply(still, seed=seed).image
    except NoFaceError:
        return still


def _expression(probabilities: NDArray[np.float32], mask: np.float32) -> Expression:
    label = EXPRESSIONS[int(probabilities.argmax())]
    return Expression(label, tuple(float(value) for value in probabilities), float(mask))


def _tremble(
    stills: Sequence[Picture], each: int, fps: float, random: np.random.Generator
) -> Iterator[Picture]:
    # The drift is an Ornstein-Uhlenbeck process, whose spread does not depend on the frame rate.
    keep = math.exp(-1.0 / (DRIFT_S * fps))
    slow = np.array(SLOW)
    drift = random.normal(0.0, slow)
    for still in stills:
        for _ in range(each):
            drift = keep * drift + random.normal(0.0, slow * math.sqrt(1.0 - keep**2))
            yield _moved(still, drift + random.normal(0.0, FAST), random)


def _moved(still: Picture, by: NDArray[np.float64], random: np.random.Generator) -> Picture:
    dx, dy, zoom, turn, light = by
    side = still.shape[0]
    centre = (side - 1) / 2.0
    matrix = cv2.getRotationMatrix2D((centre, centre), turn, math.exp(zoom))
    matrix[:, 2] += side * dx, side * dy
    moved = cv2.warpAffine(
        still.astype(np.float32),
        matrix,
        (side, side),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    noisy = moved + light + random.normal(0.0, NOISE, moved.shape)
    return np.asarray(np.clip(np.rint(noisy), 0, 255), np.uint8)
