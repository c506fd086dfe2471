"""What the services tell about their work. Costs next to nothing while nobody listens.

Everything here is a number about calls, stages and classes: no picture, no face and no probability
of a single face ever reaches a metric.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from maskmesh.services.runtime.observing.instruments import Instruments

_MASK_WORN = 0.5


StageListener = Callable[[str, float, float], None]
"""Takes the name of a stage that has ended, its seconds, and how many seconds ago it ended."""


class _Listener:
    """Who listens in this process: nobody, until `listen`."""

    instruments: Instruments | None = None
    stages: StageListener | None = None
    served: ClassVar[dict[str, str]] = {}


def listen(instruments: Instruments | None) -> None:
    """Let instruments of this process take what is told from now on; None: nobody listens."""
    _Listener.instruments = instruments
    if instruments is not None:
        for model, version in _Listener.served.items():
            instruments.served_model(model, version)


def listen_to_stages(listener: StageListener | None) -> None:
    """Let a listener take the stages, too, in the thread and context of each; None: nobody."""
    _Listener.stages = listener


def listening() -> Instruments | None:
    """Return the instruments that take what is told; None: nobody listens."""
    return _Listener.instruments


def observe_stage(stage: str, seconds: float, ago_s: float = 0.0) -> None:
    """Tell how long a stage of a call took.

    Args:
        stage: What was done, one word of a small fixed set: "queue", "batch", "compute", "decode",
            "locate", "follow", "landmarks", "draw", "encode".
        seconds: How long it took, 0 or more.
        ago_s: How many seconds ago it ended.
    """
    instruments = _Listener.instruments
    if instruments is not None:
        instruments.stage(stage, seconds)
    stages = _Listener.stages
    if stages is not None:
        stages(stage, seconds, ago_s)


class timed:  # noqa: N801 - reads as a word: `with timed("decode"):`
    """Tells how long its block took, also if it raises: `with timed("decode"): ...`."""

    __slots__ = ("_stage", "_started")

    def __init__(self, stage: str) -> None:
        """Name the stage; see `observe_stage`."""
        self._stage = stage

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        observe_stage(self._stage, time.perf_counter() - self._started)


def observe_batch(faces: int) -> None:
    """Tell how many faces were run through a model at once."""
    instruments = _Listener.instruments
    if instruments is not None:
        instruments.batch_faces.observe(faces)


def observe_queue(waiting: int) -> None:
    """Tell how many requests wait to be run at this moment."""
    instruments = _Listener.instruments
    if instruments is not None:
        instruments.queued.set(waiting)


def count_predictions(
    model: str, version: str, probabilities: NDArray[np.float32], mask: NDArray[np.float32]
) -> None:
    """Count what was predicted, so that a drift of the classes or of mask wearing shows.

    Args:
        model: Name of the model that predicted.
        version: Its version.
        probabilities: N×7, columns in the order of `EXPRESSIONS`.
        mask: N probabilities that a mask is worn.
    """
    instruments = _Listener.instruments
    if instruments is not None:
        classes = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
        worn = int(np.count_nonzero(mask >= _MASK_WORN))
        instruments.predictions(model, version, classes.tolist(), worn)


def show_model(model: str, version: str) -> None:
    """Tell which version of a model answers calls from now on."""
    # Kept, too: models are loaded before anybody listens.
    _Listener.served[model] = version
    instruments = _Listener.instruments
    if instruments is not None:
        instruments.served_model(model, version)


def count_refusal(reason: str) -> None:
    """Count a call that was refused before any work on it.

    Args:
        reason: One word of a small fixed set: "key", "in_flight", "streams", "peer_streams",
            "queue", "deadline".
    """
    instruments = _Listener.instruments
    if instruments is not None:
        instruments.refusals.labels(reason).inc()
