"""The asyncio client of the three services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio

from maskmesh.clients.mesh import calls
from maskmesh.clients.mesh.async_location_stream import AsyncLocationStream, locate_each
from maskmesh.clients.mesh.base import ClientBase
from maskmesh.clients.mesh.calls import ALL_SERVICES, Answer, Call, Service
from maskmesh.clients.mesh.channels import open_async_channel
from maskmesh.clients.mesh.failures import code_of, translated_errors
from maskmesh.clients.mesh.hedging import Race
from maskmesh.clients.mesh.pictures import Picture
from maskmesh.clients.mesh.readiness import PAUSE_S, Readiness
from maskmesh.clients.mesh.results import Box, Expression, Face, FrameFaces, KnownMasks, MaskedFace
from maskmesh.services.runtime.observing.tracing import traced_async_call


class AsyncMeshClient(ClientBase):
    """Calls a running mesh from asyncio. Make it in a running event loop, and use it in that one.

    Its methods take, return and raise what those of `MeshClient` do. An awaited call that is
    cancelled is cancelled at the service, too.
    """

    def _open(self) -> None:
        self._channels = {
            name: open_async_channel(self.address(name), self._options) for name in ALL_SERVICES
        }

    async def wait_until_ready(
        self,
        timeout_s: float = 10.0,
        services: Sequence[Service] = ALL_SERVICES,
        still_hoping: Callable[[], None] | None = None,
    ) -> None:
        """Wait until all named services say SERVING; see `MeshClient.wait_until_ready`."""
        for name in services:
            readiness = Readiness(self.address(name), timeout_s)
            while not await self._is_serving(name, readiness):
                if still_hoping is not None:
                    still_hoping()
                readiness.check_time()
                await asyncio.sleep(PAUSE_S)

    async def locate(self, image: Picture) -> list[Face]:
        """Find the faces of one picture, highest score first; see `MeshClient.locate`."""
        return await self._answer(calls.locate_call(image, self._options.timeouts))

    def locate_stream(
        self,
        frames: Iterable[Picture] | AsyncIterable[Picture],
        in_flight: int = 2,
        fps: float | None = None,
    ) -> AsyncIterator[FrameFaces]:
        """Follow the faces through the frames of one video; see `MeshClient.locate_stream`.

        Args:
            frames: Pictures, from a plain or an asynchronous iterator.
            in_flight: How many frames may be under way at once; 1 for the least delay.
            fps: How many frames make a second of the video, above 0; None: not known.
        """
        return locate_each(self.open_location_stream(), frames, max(1, in_flight), fps)

    def open_location_stream(self) -> AsyncLocationStream:
        """Open a stream whose frames are sent and answers received one by one."""
        return AsyncLocationStream(
            self._channels["location"],
            self.address("location"),
            self._options.timeouts.locate,
            self._options.security.metadata,
        )

    async def apply_mask(
        self,
        image: Picture,
        box: Box | None = None,
        style: str = "",
        colour: str = "",
        seed: int = 0,
        *,
        pattern: str = "",
        position: str = "",
    ) -> MaskedFace:
        """Put a drawn mask on one face; see `MeshClient.apply_mask`."""
        return await self._answer(
            calls.apply_mask_call(
                self._options.timeouts,
                image,
                box,
                style=style,
                colour=colour,
                seed=seed,
                pattern=pattern,
                position=position,
            )
        )

    async def list_masks(self) -> KnownMasks:
        """Name what `apply_mask` knows; see `MeshClient.list_masks`."""
        return await self._answer(calls.list_masks_call(self._options.timeouts))

    async def classify(self, faces: Sequence[Picture]) -> list[Expression]:
        """Tell what cropped faces express, in their order; see `MeshClient.classify`."""
        results: list[Expression] = []
        for group in calls.groups(faces):
            call = calls.classify_call(group, self._options.timeouts)
            expressions = await self._answer(call)
            results += expressions
        return results

    async def close(self) -> None:
        """Close the channels; calls under way are cancelled."""
        for channel in self._channels.values():
            await channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _answer(self, call: Call[Answer]) -> Answer:
        race = self._hedges.race(call)
        with translated_errors(self.address(call.service)):
            if race is None:
                response = await self._send(call, call.timeout_s)
            else:
                response = await self._first_answer(call, race)
        return call.read(response)

    async def _is_serving(self, service: Service, readiness: Readiness) -> bool:
        call = calls.health_call(service)
        try:
            if call.read(await self._send(call, call.timeout_s)):
                return True
        except grpc.RpcError as error:
            readiness.failed(error)
        else:
            readiness.not_serving()
        return False

    async def _send(self, call: Call[Any], timeout_s: float) -> Any:
        method: Any = self._channels[call.service].unary_unary(
            call.method, request_serializer=call.serialize, response_deserializer=call.parse
        )
        own = self._options.security.metadata

        def start(told: tuple[tuple[str, str], ...]) -> Any:
            return method(call.request, timeout=timeout_s, metadata=own + told)

        return await traced_async_call(call.method, start)

    async def _first_answer(self, call: Call[Any], race: Race) -> Any:
        running: set[asyncio.Task[Any]] = set()

        def start() -> None:
            running.add(asyncio.create_task(self._send(call, race.begin())))

        start()
        try:
            while True:
                done, running = await asyncio.wait(
                    running, timeout=race.patience_s, return_when=asyncio.FIRST_COMPLETED
                )
                if not done and race.may_hedge():
                    start()
                for attempt in done:
                    try:
                        return attempt.result()
                    except grpc.RpcError as error:
                        if race.lost(code_of(error)):
                            raise
        finally:
            for attempt in running:
                attempt.cancel()
            await asyncio.gather(*running, return_exceptions=True)
