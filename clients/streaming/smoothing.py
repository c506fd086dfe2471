"""Keeps answers from flickering: per track, probabilities are smoothed and labels are held."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.mesh.results import Expression
from maskmesh.clients.streaming.hysteresis import LabelHysteresis, ShownLabel
from maskmesh.clients.streaming.mask_states import MaskState, mask_state
from maskmesh.services.runtime.expressions import EXPRESSIONS

# Chosen by measurement: docs/decisions/0004-label-hysteresis.md.
DEFAULT_LAG_S = 0.2
FORGET_AFTER_S = 2.0
"""A face that was not seen for longer than this starts afresh: what it showed before tells nothing
of what it shows now."""


@dataclass(frozen=True, slots=True)
class SmoothedAnswer:
    """What is shown for a face of a track.

    Attributes:
        expression: Its probabilities and mask probability are the smoothed ones. Its label is the
            shown one, which for a moment may not be the most probable one.
        mask_state: The shown one.
    """

    expression: Expression
    mask_state: MaskState


@dataclass(frozen=True, slots=True)
class _State:
    values: NDArray[np.float64]
    shown: ShownLabel
    mask: MaskState
    time_s: float


class TrackSmoother:
    """Exponential smoothing of the probabilities of each track, and hysteresis of what is shown.

    A new value counts 1 - exp(-dt / lag), dt being the time since the track's last one: an
    exponential moving average for uneven steps (the sampled RC low-pass filter), whose effect does
    not depend on the frame rate. On top of it lie `LabelHysteresis` and the two thresholds of
    `mask_state`. Tracks share nothing.
    """

    def __init__(
        self, lag_s: float = DEFAULT_LAG_S, hysteresis: LabelHysteresis | None = None
    ) -> None:
        """Start without any track.

        Args:
            lag_s: Time constant in seconds: after a sudden change, 63 % of it shows after this
                long. 0 turns the smoothing of probabilities off.
            hysteresis: When another label is shown than before; None: the default.
        """
        self._lag_s = lag_s
        self._hysteresis = hysteresis or LabelHysteresis()
        self._tracks: dict[int, _State] = {}
        self._latest_s = -math.inf

    @property
    def tracks(self) -> tuple[int, ...]:
        """The ids of the tracks that are remembered."""
        return tuple(self._tracks)

    def smooth(self, track: int, time_s: float, measured: Expression) -> SmoothedAnswer:
        """Return what is shown for a track, and remember it.

        Args:
            track: The face's track id.
            time_s: Time of the frame in seconds. When it goes back, all tracks start afresh; when
                it stands still for a track, that one does, since nothing can be told of the time
                that passed.
            measured: What the classifier answered for this frame.
        """
        if time_s < self._latest_s:
            self.reset()
        self._latest_s = time_s
        self._forget(time_s)
        before = self._tracks.get(track)
        if before is not None and before.time_s == time_s:
            before = None
        state = self._following(before, time_s, measured)
        self._tracks[track] = state
        expression = replace(
            measured,
            label=EXPRESSIONS[state.shown.index],
            probabilities=tuple(float(value) for value in state.values[:-1]),
            mask_probability=float(state.values[-1]),
        )
        return SmoothedAnswer(expression, state.mask)

    def reset(self) -> None:
        """Forget all tracks, as another source asks for."""
        self._tracks.clear()
        self._latest_s = -math.inf

    def _following(self, before: _State | None, time_s: float, measured: Expression) -> _State:
        values = np.array([*measured.probabilities, measured.mask_probability])
        if before is not None and self._lag_s > 0:
            weight = 1.0 - math.exp(-(time_s - before.time_s) / self._lag_s)
            values = before.values + weight * (values - before.values)
        shown = self._hysteresis.follow(before.shown if before else None, values[:-1], time_s)
        mask = mask_state(float(values[-1]), before.mask if before else None)
        return _State(values, shown, mask, time_s)

    def _forget(self, now_s: float) -> None:
        stale = [t for t, state in self._tracks.items() if now_s - state.time_s > FORGET_AFTER_S]
        for track in stale:
            del self._tracks[track]
