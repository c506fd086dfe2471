"""What goes over the WebSocket between the page and the gateway.

From the page: binary messages, each one picture behind a header; text messages in JSON, each an
object with a "type". To the page: text messages in JSON; an answer that brings a picture back is
binary: the length of its JSON, the JSON, the picture.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import Any

from maskmesh.clients.streaming.masking import MaskWish
from maskmesh.services.runtime.errors import InvalidInputError

HEADER = struct.Struct(">BId")
"""Kind, id, and time in milliseconds; page/messages.js writes the same."""
_LENGTH = struct.Struct(">I")

VIDEO = 0
PICTURE = 1
LONGEST_TEXT = 2048
"""Characters of a text message; the longest that the page sends has about a hundred."""


@dataclass(frozen=True, slots=True)
class FrameMessage:
    """One picture from the page.

    Attributes:
        number: Its id; each is higher than the one before.
        time_s: Seconds since its video began.
        is_video: Whether it is a frame of a video, whose faces are followed; else it stands alone.
        encoded: The picture, JPEG.
    """

    number: int
    time_s: float
    is_video: bool
    encoded: bytes


@dataclass(frozen=True, slots=True)
class StartVideo:
    """Another video begins: faces before it and in it are not the same."""


@dataclass(frozen=True, slots=True)
class PutMasksOn:
    """Masks are to be put on all faces from now on, or no more.

    Attributes:
        wish: Which masks; None: none.
    """

    wish: MaskWish | None


Request = StartVideo | PutMasksOn


def read_frame(data: bytes) -> FrameMessage:
    """Read a binary message.

    Raises:
        InvalidInputError: It is no picture behind a header.
    """
    if len(data) <= HEADER.size:
        raise InvalidInputError(
            f"a message of {len(data)} bytes holds no picture: load the page again"
        )
    kind, number, milliseconds = HEADER.unpack_from(data)
    if kind not in (VIDEO, PICTURE) or not (math.isfinite(milliseconds) and milliseconds >= 0):
        raise InvalidInputError(
            "a picture's header is not what the gateway expects: load the page again"
        )
    return FrameMessage(number, milliseconds / 1000.0, kind == VIDEO, data[HEADER.size :])


def read_request(text: str) -> Request:
    """Read a text message.

    Raises:
        InvalidInputError: It is no request that the gateway knows.
    """
    try:
        request = json.loads(text) if len(text) <= LONGEST_TEXT else None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("a message is no JSON: load the page again") from error
    match request:
        case {"type": "start"}:
            return StartVideo()
        case {"type": "mask", "on": False}:
            return PutMasksOn(None)
        case {"type": "mask", "on": True, "style": str(style), "colour": str(colour)}:
            return PutMasksOn(MaskWish(style, colour))
    raise InvalidInputError("a message is no request that the gateway knows: load the page again")


def with_picture(answer: dict[str, Any], encoded: bytes) -> bytes:
    """Return the binary message of an answer that brings a picture."""
    text = json.dumps(answer).encode()
    return _LENGTH.pack(len(text)) + text + encoded
