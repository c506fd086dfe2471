"""What a client does on the way: deadlines, retries, hedging, keepalive, TLS and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from maskmesh.clients.mesh.security import PLAIN, Security
from maskmesh.services.runtime.errors import InvalidInputError

MAX_ATTEMPTS = 5
"""gRPC makes no more attempts than this, whatever it is told."""
_MAX_BUDGET = 1000
# gRPC (1.85) never ends a pause that it rounds, after its jitter, to 0 ms: the call hangs.
_SHORTEST_BACKOFF_S = 0.01


def _check(fits: bool, name: str, allowed: str) -> None:
    if not fits:
        raise InvalidInputError(f"{name} of the client's settings must be {allowed}")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a call may take, all its attempts together, in seconds.

    Attributes:
        locate: One picture or one frame.
        apply_mask: One face.
        classify: Up to 64 faces.
    """

    locate: float = 10.0
    apply_mask: float = 10.0
    classify: float = 10.0


@dataclass(frozen=True, slots=True)
class Retries:
    """How often idempotent calls that failed are sent again, by gRPC itself, with jitter.

    The budget is kept by gRPC for each target: a failure costs one token, a success gives
    `budget_ratio` back, and while half of the tokens or fewer are left nothing is sent again.

    Attributes:
        attempts: How often one call is sent at most, 1 to 5; 1: never again.
        initial_backoff_s: Pause before the second attempt, in seconds, 0.01 or more.
        max_backoff_s: Longest pause, in seconds.
        multiplier: How much longer each pause is than the one before.
        budget_tokens: Tokens of the full budget, 1 to 1000.
        budget_ratio: Tokens that a success gives back, above 0 to 1.

    Raises:
        InvalidInputError: A value is outside its range.
    """

    attempts: int = 3
    initial_backoff_s: float = 0.1
    max_backoff_s: float = 1.0
    multiplier: float = 2.0
    budget_tokens: int = 20
    budget_ratio: float = 0.1

    def __post_init__(self) -> None:
        _check(1 <= self.attempts <= MAX_ATTEMPTS, "attempts", f"from 1 to {MAX_ATTEMPTS}")
        pause_fits = _SHORTEST_BACKOFF_S <= self.initial_backoff_s <= 60
        _check(pause_fits, "initial_backoff_s", f"from {_SHORTEST_BACKOFF_S} to 60")
        longest_fits = self.initial_backoff_s <= self.max_backoff_s <= 600
        _check(longest_fits, "max_backoff_s", "from initial_backoff_s to 600")
        _check(1 <= self.multiplier <= 10, "multiplier", "from 1 to 10")
        _check(1 <= self.budget_tokens <= _MAX_BUDGET, "budget_tokens", f"from 1 to {_MAX_BUDGET}")
        _check(0.001 <= self.budget_ratio <= 1, "budget_ratio", "from 0.001 to 1")


@dataclass(frozen=True, slots=True)
class Hedging:
    """When an idempotent call is sent once more because its answer is late.

    Attributes:
        delay_s: How long to wait before each further attempt, in seconds, above 0.
        attempts: How often one call is sent at most, 2 to 5.
        share: Hedges per call in the long run, above 0 to 1: the budget gains this with each
            call, and a hedge costs 1.
        burst: Hedges that may be sent at once after a quiet time: the full budget.

    Raises:
        InvalidInputError: A value is outside its range.
    """

    delay_s: float
    attempts: int = 2
    share: float = 0.05
    burst: int = 5

    def __post_init__(self) -> None:
        _check(0 < self.delay_s <= 600, "delay_s", "above 0 to 600")
        _check(2 <= self.attempts <= MAX_ATTEMPTS, "attempts", f"from 2 to {MAX_ATTEMPTS}")
        _check(0 < self.share <= 1, "share", "above 0 to 1")
        _check(1 <= self.burst <= _MAX_BUDGET, "burst", f"from 1 to {_MAX_BUDGET}")


@dataclass(frozen=True, slots=True)
class Keepalive:
    """How a peer that is gone is noticed while an answer is awaited.

    Attributes:
        time_s: Silence before the peer is asked for a sign of life, in seconds, 10 or more.
        timeout_s: How long it has to give one, in seconds, above 0.

    Raises:
        InvalidInputError: A value is outside its range.
    """

    time_s: float = 20.0
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        _check(10 <= self.time_s <= 7200, "time_s", "from 10 to 7200")
        _check(0.1 <= self.timeout_s <= 600, "timeout_s", "from 0.1 to 600")


class OptionFields(TypedDict, total=False):
    """The fields of `Options`, as named arguments of the clients."""

    timeouts: Timeouts
    security: Security
    retries: Retries
    hedging: Hedging | None
    keepalive: Keepalive


@dataclass(frozen=True, slots=True)
class Options:
    """All of it.

    Attributes:
        timeouts: How long calls may take.
        security: How the lines are protected, and the key that the services know us by.
        retries: How often failed calls are sent again.
        hedging: When late calls are sent once more; None: never.
        keepalive: How a peer that is gone is noticed.
    """

    timeouts: Timeouts = Timeouts()
    security: Security = PLAIN
    retries: Retries = Retries()
    hedging: Hedging | None = None
    keepalive: Keepalive = Keepalive()
