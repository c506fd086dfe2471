"""How the requests of many callers are joined into batches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BatchingPolicy:
    """How requests are joined.

    Attributes:
        max_faces: Most faces in one batch; a request that has more is a batch of its own.
        delay_s: How long a small batch may wait for more, in seconds, while others are run. Where
            nothing is run, nothing waits.
        preferred_faces: Where there is a delay: a batch of so many faces waits for no more, and is
            not shared out among the workers.
        places: Most faces that may be in the service at once: decoded, waiting or run.
        workers: Threads that run batches.
        here_s: A batch that is expected to take no longer, in seconds, is run on the event loop's
            own thread, and no thread hands over to another. For one worker only: the loop does
            nothing else meanwhile. 0: none is.
    """

    max_faces: int = 8
    delay_s: float = 0.0
    preferred_faces: int = 8
    places: int = 256
    workers: int = 2
    here_s: float = 0.0
