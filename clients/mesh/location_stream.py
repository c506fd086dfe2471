"""One LocateStream call: frames are sent and answers received when the caller says so."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import grpc

from maskmesh.clients.mesh.failures import error_from_call
from maskmesh.clients.mesh.frames import (
    frame_faces,
    frame_request,
    late_frame,
    stream_ended,
)
from maskmesh.clients.mesh.pictures import Picture
from maskmesh.clients.mesh.results import FrameFaces
from maskmesh.services.runtime.errors import MaskmeshError
from maskmesh.v1 import location_pb2, location_pb2_grpc


@dataclass(frozen=True, slots=True)
class _Arrived:
    message: location_pb2.LocateStreamResponse | None
    error: MaskmeshError | None
    at: float


class LocationStream:
    """Follows the faces of one video; track ids live as long as this stream.

    gRPC would pull frames from an iterator as fast as they come and queue them on the wire. Here
    nothing is sent unless `send` is called, so the caller bounds how many frames are under way and
    always sends the latest. For one thread at a time.
    """

    def __init__(self, channel: grpc.Channel, address: str, answer_timeout_s: float) -> None:
        """Open the stream.

        Args:
            channel: Channel to the location service.
            address: Its host and port, for messages.
            answer_timeout_s: How long `receive` waits for one answer, in seconds.
        """
        self._address = address
        self._timeout_s = answer_timeout_s
        self._outgoing: queue.SimpleQueue[location_pb2.LocateStreamRequest | None] = (
            queue.SimpleQueue()
        )
        self._arrived: queue.SimpleQueue[_Arrived] = queue.SimpleQueue()
        self._sent_at: deque[float] = deque()
        self._next_id = 1
        stub = location_pb2_grpc.FaceLocationServiceStub(channel)
        self._call = stub.LocateStream(iter(self._outgoing.get, None))
        threading.Thread(target=self._read, name="locate-stream", daemon=True).start()

    @property
    def under_way(self) -> int:
        """How many frames were sent and not yet answered."""
        return len(self._sent_at)

    def send(self, picture: Picture, capture_time_s: float | None = None) -> None:
        """Send one frame and return at once.

        Args:
            picture: The frame.
            capture_time_s: When it was taken, in seconds from any origin, 0 or more; None: not
                known, and the service goes by its usual rate.

        Raises:
            InvalidInputError: The picture is neither bytes nor fitting pixels, or the time is
                negative; nothing was sent.
        """
        request = frame_request(self._next_id, picture, capture_time_s)
        self._next_id += 1
        self._sent_at.append(time.perf_counter())
        self._outgoing.put(request)

    def receive(self) -> FrameFaces:
        """Wait for the answer to the oldest unanswered frame.

        Raises:
            DeadlineError: No answer within the timeout; the stream is closed.
            UnavailableError: The service went away; the stream is closed.
            ValueError: No frame is under way.
        """
        if not self._sent_at:
            raise ValueError("no frame is under way: call send first")
        try:
            arrived = self._arrived.get(timeout=self._timeout_s)
        except queue.Empty:
            self.close()
            raise late_frame(self._address, self._timeout_s) from None
        if arrived.message is None:
            self.close()
            raise arrived.error or stream_ended(self._address)
        return frame_faces(arrived.message, (arrived.at - self._sent_at.popleft()) * 1000.0)

    def close(self) -> None:
        """End the stream; frames under way are given up."""
        self._outgoing.put(None)
        self._call.cancel()

    def _read(self) -> None:
        error: MaskmeshError | None = None
        try:
            for message in self._call:
                self._arrived.put(_Arrived(message, None, time.perf_counter()))
        except grpc.RpcError as failure:
            error = error_from_call(failure, self._address)
        self._arrived.put(_Arrived(None, error, time.perf_counter()))


def locate_each(
    stream: LocationStream, pictures: Iterator[Picture], in_flight: int, fps: float | None = None
) -> Iterator[FrameFaces]:
    """Yield the faces of each picture in order, keeping up to `in_flight` frames under way.

    Args:
        stream: Where they are sent; closed at the end.
        pictures: Frames of one video.
        in_flight: How many frames may be under way.
        fps: How many of them make a second; None: not known.
    """
    try:
        for number, picture in enumerate(pictures):
            stream.send(picture, None if fps is None else number / fps)
            if stream.under_way >= in_flight:
                yield stream.receive()
        while stream.under_way:
            yield stream.receive()
    finally:
        stream.close()
