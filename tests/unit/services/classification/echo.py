"""A classifier that needs no model: its answer tells which face it saw."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.classification.classifier import Classified
from maskmesh.services.classification.repository import ModelFile

SIDE = 4


class Echo:
    """Answers with each face's number, and with its own version.

    Runs only while `gate` is set, and notes the sizes of the batches and who was in them.
    """

    def __init__(self, version: int = 1) -> None:
        self.model = ModelFile("echo", str(version), Path("nowhere"))
        self.side = SIDE
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[list[int]] = []
        self.failure: Exception | None = None

    def run(self, batch: NDArray[np.uint8]) -> Classified:
        numbers = batch[:, 0, :, 0].copy().view("<u4")[:, 0]
        self.batches.append(numbers.tolist())
        if not self.gate.wait(30):
            raise TimeoutError("the test never opened the gate")
        if self.failure is not None:
            raise self.failure
        probabilities = np.zeros((len(batch), 7), np.float32)
        probabilities[:, 0] = numbers
        probabilities[:, 1] = int(self.model.version)
        return Classified(probabilities, numbers.astype(np.float32))


def numbered(*numbers: int) -> NDArray[np.uint8]:
    """Faces that carry numbers below 2²⁴, which float32 holds exactly."""
    faces = np.zeros((len(numbers), SIDE, SIDE, 1), np.uint8)
    faces[:, 0, :, 0] = np.array(numbers, "<u4").reshape(-1, 1).view(np.uint8)
    return faces


def seen(answer: Classified) -> list[int]:
    """The numbers of the faces that an answer is about."""
    assert answer.probabilities[:, 0].tolist() == answer.mask.tolist()
    return [int(number) for number in answer.mask]
