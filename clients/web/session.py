"""One browser's connection: frames in, answers out, never more than two frames held."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from maskmesh.clients.mesh.results import KnownMasks
from maskmesh.clients.streaming.csv_rows import COLUMNS
from maskmesh.clients.streaming.masking import check_wish
from maskmesh.clients.web.analysis import FrameAnalyser, Mesh
from maskmesh.clients.web.messages import (
    FrameMessage,
    PutMasksOn,
    StartVideo,
    read_frame,
    read_request,
    with_picture,
)
from maskmesh.clients.web.slot import NewestFrame, WaitingFrame
from maskmesh.services.runtime.errors import (
    InvalidInputError,
    MaskmeshError,
    OverloadedError,
    UnavailableError,
)
from maskmesh.services.runtime.logging import get_logger

LONGEST_PAUSE_S = 2.0
_MOST_REASON_BYTES = 120  # a close frame holds 125, two of them the code

_log = get_logger("web")


class Watch(Protocol):
    """What waits for a mesh that went away: a MeshWatch."""

    async def until_back(self, error: UnavailableError) -> None:
        """Return when it is ready again."""
        ...


@dataclass(frozen=True, slots=True)
class Shared:
    """What all browsers share.

    Attributes:
        mesh: What frames are sent to.
        watch: What waits for it when it went away.
        pool: Threads for the work on pixels.
        turns: How many frames may be analysed at once. It is handed out in the order of asking, and
            a browser asks for one turn at a time, so none starves.
        known: Which masks there are.
        max_frame_bytes: Size of an encoded frame, at most.
    """

    mesh: Mesh
    watch: Watch
    pool: Executor
    turns: asyncio.Semaphore
    known: KnownMasks
    max_frame_bytes: int


class Session:
    """Serves one browser.

    Args:
        socket: The connection, prepared.
        shared: What all browsers share.
    """

    def __init__(self, socket: web.WebSocketResponse, shared: Shared) -> None:
        self._socket = socket
        self._shared = shared
        self._analyser = FrameAnalyser(shared.mesh, shared.pool, shared.max_frame_bytes)
        self._slot = NewestFrame()
        self._last_number = -1
        self._starts_video = False

    async def run(self) -> None:
        """Serve until the browser goes or the socket is closed."""
        working = asyncio.create_task(self._work_or_close())
        try:
            await self._socket.send_json(greeting(self._shared))
            await self._receive()
        except ConnectionError:
            pass  # it is gone: nobody is there to be told
        finally:
            working.cancel()
            self._analyser.close()
            await asyncio.wait((working,))

    async def _receive(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.BINARY:
                await self._take_frame(message.data)
            elif message.type is WSMsgType.TEXT:
                await self._take_request(message.data)

    async def _work_or_close(self) -> None:
        """Work; after a failure, close: a browser must not wait for answers for ever."""
        try:
            await self._work()
        except ConnectionError:
            pass
        except MaskmeshError as error:  # the mesh will not come back
            await self._socket.close(code=WSCloseCode.GOING_AWAY, message=_short(str(error)))
        except Exception:  # noqa: BLE001 - of one browser; the others are served on
            _log.exception("the gateway failed over a frame")
            await self._socket.close(code=WSCloseCode.INTERNAL_ERROR)

    async def _take_frame(self, data: bytes) -> None:
        try:
            frame = read_frame(data)
            self._check_order(frame)
        except InvalidInputError as error:
            await self._tell("problem", message=str(error))
            return
        replaced = self._slot.put(frame)
        if replaced is not None:
            await self._tell("dropped", id=replaced.number)

    async def _take_request(self, text: str) -> None:
        try:
            request = read_request(text)
            if isinstance(request, StartVideo):
                self._starts_video = True
            elif isinstance(request, PutMasksOn):
                if request.wish is not None:
                    check_wish(request.wish, self._shared.known)
                self._analyser.wish = request.wish
        except MaskmeshError as error:
            await self._tell("problem", message=str(error))

    def _check_order(self, frame: FrameMessage) -> None:
        if frame.number <= self._last_number:
            raise InvalidInputError(
                f"frame {frame.number} came after frame {self._last_number}: it is left out"
            )
        self._last_number = frame.number

    async def _work(self) -> None:
        while True:
            await self._slot.until_there()
            failure: UnavailableError | None = None
            async with self._shared.turns:
                waiting = self._slot.take()
                try:
                    reply = await self._analyse(waiting)
                except UnavailableError as error:
                    failure = error
                    reply = _problem(waiting.frame, error)
                except MaskmeshError as error:
                    reply = _problem(waiting.frame, error)
            await self._send(reply)
            if failure is not None:
                await self._bridge(failure)

    async def _analyse(self, waiting: WaitingFrame) -> dict[str, Any] | bytes:
        waited_ms = waiting.waited_ms
        if self._starts_video:
            self._starts_video = False
            self._analyser.start_video()
        analysis = await self._analyser.analyse(waiting.frame)
        answer = analysis.answer(waiting.frame.number)
        answer["times"] |= {"wait": round(waited_ms, 2), "gateway": round(waiting.waited_ms, 2)}
        return answer if analysis.masked is None else with_picture(answer, analysis.masked)

    async def _bridge(self, failure: UnavailableError) -> None:
        """Wait until the mesh is back; an overloaded one is there, and only wants a pause."""
        if isinstance(failure, OverloadedError):
            await asyncio.sleep(min(failure.retry_after_s, LONGEST_PAUSE_S))
        else:
            await self._tell("mesh", there=False, message=str(failure))
            await self._shared.watch.until_back(failure)
            # A frame of before would be shown as if it were now.
            if (stale := self._slot.discard_video()) is not None:
                await self._tell("dropped", id=stale.number)
            await self._tell("mesh", there=True, message="")
        self._starts_video = True

    async def _tell(self, kind: str, **rest: Any) -> None:
        await self._send({"type": kind, **rest})

    async def _send(self, reply: dict[str, Any] | bytes) -> None:
        if isinstance(reply, bytes):
            await self._socket.send_bytes(reply)
        else:
            await self._socket.send_json(reply)


def greeting(shared: Shared) -> dict[str, Any]:
    """Return the first message to a page: what it has to know of this gateway."""
    return {
        "type": "hello",
        "styles": shared.known.styles,
        "colours": shared.known.colours,
        "max_frame_bytes": shared.max_frame_bytes,
        "columns": COLUMNS,
    }


def _problem(frame: FrameMessage, error: MaskmeshError) -> dict[str, Any]:
    is_away = isinstance(error, UnavailableError)
    return {"type": "problem", "id": frame.number, "message": str(error), "away": is_away}


def _short(reason: str) -> bytes:
    return reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore").encode()
