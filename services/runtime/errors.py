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


class DeadlineError(UnavailableError):
    """A service did not answer within the caller's deadline."""
