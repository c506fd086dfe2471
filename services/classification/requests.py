"""What the servicers of both protocols ask of a request before it is let in."""

from __future__ import annotations

import time
from typing import Any

import grpc.aio

from maskmesh.services.classification.canary import Route
from maskmesh.services.runtime.errors import InvalidInputError, TooLargeError

GROUPS_AT_ONCE = 4
"""How many requests of one stream are worked on at once."""

CANARY_HEADER = "maskmesh-canary"
"""Metadata of a call: "always" or "never" answered by the version on trial."""


def deadline_of(context: grpc.aio.ServicerContext[Any, Any]) -> float | None:
    """Return when a call must be answered, by `time.monotonic`; None: whenever."""
    left_s = context.time_remaining()
    return None if left_s is None else time.monotonic() + left_s


def route_of(context: grpc.aio.ServicerContext[Any, Any]) -> Route:
    """Return which version a call asks for by its metadata.

    Raises:
        InvalidInputError: The metadata has another value than there is.
    """
    for key, value in context.invocation_metadata() or ():
        if key == CANARY_HEADER:
            try:
                return Route(value)
            except ValueError as error:
                raise InvalidInputError(
                    f'{CANARY_HEADER} is {value[:64]!r}: send "always" or "never", or leave it out'
                ) from error
    return Route.BY_SHARE


def check_count(faces: int, limit: int) -> None:
    """Hold the number of a call's faces against the limit.

    Raises:
        TooLargeError: There are more.
    """
    if faces > limit:
        raise TooLargeError(
            f"{faces} faces in one call, the limit is {limit}: send them in several"
        )
