"""Runs requests that were joined, as one batch of a model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.classification.classifier import Classified
from maskmesh.services.classification.lanes import Times, Waiting
from maskmesh.services.classification.repository import ModelFile


class Classifier(Protocol):
    """One version of a model; `run` is called from several threads at once."""

    @property
    def model(self) -> ModelFile:
        """Which version it is."""

    @property
    def side(self) -> int:
        """Side of its input in pixels."""

    def run(self, batch: NDArray[np.uint8]) -> Classified:
        """Classify a uint8 array N × side × side × 1."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A batch that was run.

    Attributes:
        batch: Its requests, in order.
        outcome: What the model gave for all of their faces, or what it failed with.
        times: When.
    """

    batch: Sequence[Waiting]
    outcome: Classified | Exception
    times: Times


def run_joined(classifier: Classifier, batch: Sequence[Waiting]) -> Ran:
    """Run requests as one batch, in whichever thread this is called."""
    started = joined = time.monotonic()
    outcome: Classified | Exception
    try:
        faces = [waiting.faces for waiting in batch]
        together = faces[0] if len(faces) == 1 else np.concatenate(faces)
        joined = time.monotonic()
        outcome = classifier.run(together)
    except Exception as error:  # noqa: BLE001 - raised again where each caller waits
        outcome = error
    return Ran(batch, outcome, Times(started, joined, time.monotonic()))
