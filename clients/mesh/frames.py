"""Frames of a stream as messages, for both clients."""

from __future__ import annotations

from maskmesh.clients.mesh.pictures import Picture, to_message
from maskmesh.clients.mesh.results import FrameFaces
from maskmesh.clients.mesh.translation import face_from
from maskmesh.services.runtime.errors import DeadlineError, InvalidInputError, UnavailableError
from maskmesh.v1 import location_pb2

MICROSECONDS = 1_000_000
LATEST_TIME_S = 1e13


def frame_request(
    number: int, picture: Picture, capture_time_s: float | None
) -> location_pb2.LocateStreamRequest:
    """Return the message of one frame.

    Args:
        number: The frame's id, from 1.
        picture: The frame.
        capture_time_s: When it was taken, in seconds from any origin, 0 or more; None: not known.

    Raises:
        InvalidInputError: The picture is neither bytes nor fitting pixels, or the time is negative.
    """
    return location_pb2.LocateStreamRequest(
        frame_id=number,
        image=to_message(picture),
        capture_time_us=None if capture_time_s is None else _microseconds(capture_time_s),
    )


def late_frame(address: str, timeout_s: float) -> DeadlineError:
    """Return the error of a frame that was not answered in time."""
    return DeadlineError(
        f"the location service at {address} did not answer a frame within "
        f"{timeout_s:g} s: it is overloaded or hangs"
    )


def stream_ended(address: str) -> UnavailableError:
    """Return the error of a stream that ended before its frames were answered."""
    return UnavailableError(
        f"the location service at {address} ended the stream: it is shutting down"
    )


def stream_cut_short(address: str) -> UnavailableError:
    """Return the error of a stream that ended while a frame was being sent."""
    return UnavailableError(
        f"the location service at {address} ended the stream while a frame was being sent: "
        "it has too much to do or is shutting down; try again later"
    )


def _microseconds(time_s: float) -> int:
    if not 0 <= time_s < LATEST_TIME_S:
        raise InvalidInputError(
            f"a frame's capture time must be from 0 to {LATEST_TIME_S:g} seconds, not {time_s}: "
            "count from the first frame"
        )
    return round(time_s * MICROSECONDS)


def frame_faces(message: location_pb2.LocateStreamResponse, milliseconds: float) -> FrameFaces:
    """Return the answer to one frame, which took so long."""
    if message.WhichOneof("outcome") == "problem":
        return FrameFaces((), message.problem.message, milliseconds)
    faces = tuple(face_from(face.face, face.track_id) for face in message.located.faces)
    return FrameFaces(faces, None, milliseconds)
