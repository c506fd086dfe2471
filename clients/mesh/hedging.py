"""When a call whose answer is late is sent once more: one policy for both clients."""

from __future__ import annotations

import threading
import time
from typing import Any

import grpc

from maskmesh.clients.mesh.calls import IDEMPOTENT, Call
from maskmesh.clients.mesh.options import Hedging

# gRPC's Python stack (1.85) ignores hedgingPolicy of a service config, with
# grpc.experimental.enable_hedging too, so attempts are raced here.

# Of these another attempt, at another copy of the service, may still do better.
_WORTH_WAITING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


class HedgeBudget:
    """Keeps hedges to a share of the calls; for many threads."""

    def __init__(self, hedging: Hedging) -> None:
        self._hedging = hedging
        self._lock = threading.Lock()
        self._tokens = float(hedging.burst)

    def earn(self) -> None:
        """Count a call."""
        with self._lock:
            self._tokens = min(self._hedging.burst, self._tokens + self._hedging.share)

    def spend(self) -> bool:
        """Take what a hedge costs; False: it may not be sent."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def drain(self) -> None:
        """Leave nothing: the service is overloaded."""
        with self._lock:
            self._tokens = 0.0


class Race:
    """One call's attempts: when to start another, and when the race is lost."""

    def __init__(self, hedging: Hedging, budget: HedgeBudget, timeout_s: float) -> None:
        self._hedging = hedging
        self._budget = budget
        self._end = time.monotonic() + timeout_s
        self._started = 0
        self._running = 0
        self._closed = False
        budget.earn()

    def begin(self) -> float:
        """Count an attempt that starts now, and return the seconds that it may take."""
        self._started += 1
        self._running += 1
        return max(0.0, self._end - time.monotonic())

    @property
    def patience_s(self) -> float | None:
        """Seconds to wait before another attempt; None: there is none, wait for an answer."""
        more = not self._closed and self._started < self._hedging.attempts
        return self._hedging.delay_s if more else None

    def may_hedge(self) -> bool:
        """Pay for another attempt; once refused, this call asks no more."""
        self._closed = self._closed or not self._budget.spend()
        return not self._closed

    def lost(self, code: grpc.StatusCode) -> bool:
        """Count an attempt that failed; True: the call has failed with it."""
        self._running -= 1
        self._closed = True
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            self._budget.drain()
        return self._running == 0 or code not in _WORTH_WAITING


class Hedges:
    """Makes the races of one client.

    Args:
        hedging: Its settings; None: no call is hedged.
    """

    def __init__(self, hedging: Hedging | None) -> None:
        self._hedging = hedging
        self._budget = None if hedging is None else HedgeBudget(hedging)

    def race(self, call: Call[Any]) -> Race | None:
        """Return the race of a call; None: it is sent once."""
        if self._hedging is None or self._budget is None or call.method not in IDEMPOTENT:
            return None
        return Race(self._hedging, self._budget, call.timeout_s)
