"""One LocateStream call of asyncio: frames are sent and answers received one by one."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any

import grpc
import grpc.aio

from maskmesh.clients.mesh.calls import LOCATE_STREAM
from maskmesh.clients.mesh.failures import error_from_call
from maskmesh.clients.mesh.frames import (
    frame_faces,
    frame_request,
    late_frame,
    stream_cut_short,
    stream_ended,
)
from maskmesh.clients.mesh.pictures import Picture
from maskmesh.clients.mesh.results import FrameFaces
from maskmesh.services.runtime.errors import MaskmeshError
from maskmesh.services.runtime.observing.tracing import traced_async_call
from maskmesh.v1 import location_pb2_grpc

# grpc.aio's name for a write that failed because the call has ended.
_WRITE_FAILED = "Internal error from Core"


class AsyncLocationStream:
    """Follows the faces of one video; track ids live as long as this stream. For one task.

    Args:
        channel: Channel to the location service.
        address: Where that is, for messages.
        answer_timeout_s: How long `send` and `receive` wait, in seconds.
        metadata: What the call carries.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        address: str,
        answer_timeout_s: float,
        metadata: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._address = address
        self._timeout_s = answer_timeout_s
        self._sent_at: deque[float] = deque()
        self._next_id = 1
        stub: Any = location_pb2_grpc.FaceLocationServiceStub(channel)
        self._call: Any = traced_async_call(
            LOCATE_STREAM, lambda told: stub.LocateStream(metadata=metadata + told)
        )

    @property
    def under_way(self) -> int:
        """How many frames were sent and not yet answered."""
        return len(self._sent_at)

    async def send(self, picture: Picture, capture_time_s: float | None = None) -> None:
        """Send one frame; returns as soon as the line has room for it.

        Args:
            picture: The frame.
            capture_time_s: When it was taken, in seconds from any origin, 0 or more; None: not
                known, and the service goes by its usual rate.

        Raises:
            InvalidInputError: The picture is neither bytes nor fitting pixels, or the time is
                negative; nothing was sent.
            DeadlineError: The line has no room within the timeout; the stream is closed.
            UnavailableError: The service went away; the stream is closed.
            OverloadedError: The service refuses the stream; it is closed.
        """
        request = frame_request(self._next_id, picture, capture_time_s)
        started = time.perf_counter()
        await self._in_time(self._call.write(request))
        self._next_id += 1
        self._sent_at.append(started)

    async def receive(self) -> FrameFaces:
        """Wait for the answer to the oldest unanswered frame.

        Raises:
            DeadlineError: No answer within the timeout; the stream is closed.
            UnavailableError: The service went away; the stream is closed.
            OverloadedError: The service refuses the stream; it is closed.
            ValueError: No frame is under way.
        """
        if not self._sent_at:
            raise ValueError("no frame is under way: call send first")
        message = await self._in_time(self._call.read())
        if message is grpc.aio.EOF:
            raise stream_ended(self._address)
        return frame_faces(message, (time.perf_counter() - self._sent_at.popleft()) * 1000.0)

    def close(self) -> None:
        """End the stream; frames under way are given up."""
        self._call.cancel()

    async def _in_time(self, work: Any) -> Any:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await work
        except TimeoutError:
            self.close()
            raise late_frame(self._address, self._timeout_s) from None
        except asyncio.InvalidStateError:  # grpc.aio's answer to a write after the call's end
            raise await self._end() from None
        except grpc.RpcError as error:
            self.close()
            if _is_made_up(error):
                raise stream_cut_short(self._address) from error
            raise error_from_call(error, self._address) from error

    async def _end(self) -> MaskmeshError:
        """Return what a stream that has ended is told as."""
        code, details = await self._call.code(), await self._call.details()
        if code is grpc.StatusCode.OK:
            return stream_ended(self._address)
        metadata = await self._call.trailing_metadata()
        error = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), metadata, details)
        if _is_made_up(error):
            return stream_cut_short(self._address)
        return error_from_call(error, self._address)


def _is_made_up(error: grpc.RpcError) -> bool:
    """Return whether a status is grpc.aio's own: the call ended in the middle of a write.

    grpc.aio says INTERNAL then, and never tells the status that the service sent.
    """
    return isinstance(error, grpc.aio.AioRpcError) and error.details() == _WRITE_FAILED


async def locate_each(
    stream: AsyncLocationStream,
    pictures: Iterable[Picture] | AsyncIterable[Picture],
    in_flight: int,
    fps: float | None,
) -> AsyncIterator[FrameFaces]:
    """Yield the faces of each picture in order, keeping up to `in_flight` frames under way.

    Args:
        stream: Where they are sent; closed at the end.
        pictures: Frames of one video.
        in_flight: How many frames may be under way.
        fps: How many of them make a second; None: not known.
    """
    try:
        number = 0
        async for picture in _each(pictures):
            await stream.send(picture, None if fps is None else number / fps)
            number += 1
            if stream.under_way >= in_flight:
                yield await stream.receive()
        while stream.under_way:
            yield await stream.receive()
    finally:
        stream.close()


async def _each(pictures: Iterable[Picture] | AsyncIterable[Picture]) -> AsyncIterator[Picture]:
    if isinstance(pictures, AsyncIterable):
        async for picture in pictures:
            yield picture
    else:
        for picture in pictures:
            yield picture
