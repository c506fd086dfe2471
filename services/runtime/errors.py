"""The one family of errors that users see: each message says what is wrong and what to do.

Nothing here knows gRPC; `maskmesh.services.runtime.status` maps the family to status codes.
"""

from __future__ import annotations


class MaskmeshError(Exception):
    """Base of every error that is shown to a user as one line, without a traceback."""


class InvalidInputError(MaskmeshError):
    """What the caller sent cannot be accepted, now or later (a broken picture, an empty call)."""


class TooLargeError(InvalidInputError):
    """The input is over a limit of size; a smaller one is accepted."""


class NoFaceError(MaskmeshError):
    """The picture is fine, but it holds no face that the operation could work on."""


class NotFoundError(MaskmeshError):
    """A file, model, style or data set that was named does not exist."""


class SetupError(MaskmeshError):
    """This installation or machine lacks something: a package, a free port, a model file."""


class UnavailableError(MaskmeshError):
    """A service cannot be reached or is going away; the same call may succeed later."""


class OverloadedError(UnavailableError):
    """A service has more to do than it can hold; the same call succeeds later.

    Attributes:
        retry_after_s: How long to wait before the next try, in seconds, above 0.
        reason: Which limit was met, one word; see `observing.metrics.count_refusal`.
    """

    def __init__(self, message: str, retry_after_s: float = 0.1, reason: str = "queue") -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.reason = reason


class AccessError(MaskmeshError):
    """A service does not let the caller in: no key, or one that it does not know."""


class DeadlineError(UnavailableError):
    """A service did not answer within the caller's deadline."""
