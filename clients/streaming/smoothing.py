"""Keeps labels from flickering: each track's probabilities follow the measured ones with a lag."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.mesh.results import Expression
from maskmesh.services.runtime.expressions import EXPRESSIONS

DEFAULT_LAG_S = 0.3
FORGET_AFTER_S = 5.0


@dataclass(slots=True)
class _State:
    values: NDArray[np.float64]
    time_s: float


class ExponentialSmoother:
    """Exponential smoothing of expression and mask probabilities per track.

    A new value counts 1 - exp(-dt / lag), dt being the time since the track's last one, so that
    the effect does not depend on the frame rate.
    """

    def __init__(self, lag_s: float = DEFAULT_LAG_S) -> None:
        """Start without any track.

        Args:
            lag_s: Time constant in seconds: after a sudden change, 63 % of it shows after this
                long. 0 turns smoothing off.
        """
        self._lag_s = lag_s
        self._tracks: dict[int, _State] = {}

    def smooth(self, track: int, time_s: float, measured: Expression) -> Expression:
        """Return the smoothed expression of a track, and remember it.

        Args:
            track: The face's track id.
            time_s: Time of the frame in seconds. A time that does not lie after the track's last
                one starts the track afresh.
            measured: What the classifier answered for this frame.
        """
        values = np.array([*measured.probabilities, measured.mask_probability])
        before = self._tracks.get(track)
        if before is not None and self._lag_s > 0 and time_s > before.time_s:
            weight = 1.0 - math.exp(-(time_s - before.time_s) / self._lag_s)
            values = before.values + weight * (values - before.values)
        self._tracks[track] = _State(values, time_s)
        self._forget(time_s)
        return replace(
            measured,
            label=EXPRESSIONS[int(np.argmax(values[:-1]))],
            probabilities=tuple(float(value) for value in values[:-1]),
            mask_probability=float(values[-1]),
        )

    def reset(self) -> None:
        """Forget all tracks."""
        self._tracks.clear()

    def _forget(self, now_s: float) -> None:
        stale = [t for t, state in self._tracks.items() if now_s - state.time_s > FORGET_AFTER_S]
        for track in stale:
            del self._tracks[track]
