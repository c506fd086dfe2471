"""The synchronous client of the three services."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import grpc

from maskmesh.clients.mesh import calls
from maskmesh.clients.mesh.base import ClientBase
from maskmesh.clients.mesh.calls import ALL_SERVICES, SEEDS, Answer, Call, Service
from maskmesh.clients.mesh.channels import open_channel_with
from maskmesh.clients.mesh.failures import code_of, translated_errors
from maskmesh.clients.mesh.hedging import Race
from maskmesh.clients.mesh.location_stream import LocationStream, locate_each
from maskmesh.clients.mesh.options import Timeouts
from maskmesh.clients.mesh.pictures import Picture
from maskmesh.clients.mesh.readiness import PAUSE_S, Readiness
from maskmesh.clients.mesh.results import Box, Expression, Face, FrameFaces, KnownMasks, MaskedFace
from maskmesh.services.runtime.errors import UnavailableError

__all__ = ["ALL_SERVICES", "SEEDS", "MeshClient", "Service", "Timeouts"]


class MeshClient(ClientBase):
    """Calls a running mesh. Safe to share between threads; close it, or use it in `with`."""

    def _open(self) -> None:
        self._channels = {
            name: open_channel_with(self.address(name), self._options) for name in ALL_SERVICES
        }

    def wait_until_ready(
        self,
        timeout_s: float = 10.0,
        services: Sequence[Service] = ALL_SERVICES,
        still_hoping: Callable[[], None] | None = None,
    ) -> None:
        """Wait until the health service of every named service says SERVING.

        Args:
            timeout_s: How long to wait for each, in seconds.
            services: Which ones are needed.
            still_hoping: Called between tries; may raise what makes further waiting pointless.

        Raises:
            UnavailableError: One does not serve within the time.
            AccessError: One does not know our key.
        """
        for name in services:
            readiness = Readiness(self.address(name), timeout_s)
            while not self._is_serving(name, readiness):
                if still_hoping is not None:
                    still_hoping()
                readiness.check_time()
                time.sleep(PAUSE_S)

    def locate(self, image: Picture) -> list[Face]:
        """Find the faces of one picture.

        Args:
            image: Encoded bytes, or uint8 pixels H×W (gray) or H×W×3 (RGB).

        Returns:
            The faces, highest score first; empty if there is none.

        Raises:
            InvalidInputError: The picture is damaged, animated, too small or too large.
            UnavailableError: No service answers at the address.
            OverloadedError: The service has too much to do, and retries did not help.
            DeadlineError: No answer within the timeout.
        """
        return self._answer(calls.locate_call(image, self._options.timeouts))

    def locate_stream(
        self, frames: Iterable[Picture], in_flight: int = 2, fps: float | None = None
    ) -> Iterator[FrameFaces]:
        """Follow the faces through the frames of one video.

        Args:
            frames: Pictures as for `locate`, taken one by one as answers come in.
            in_flight: How many frames may be under way at once; 1 for the least delay.
            fps: How many frames make a second of the video, above 0; None: 30, or fewer if they
                come more slowly. For frames at uneven times, see `open_location_stream`.

        Yields:
            The answer to each frame, in order. A frame that cannot be used has a `problem`, and
            the stream goes on.

        Raises:
            UnavailableError: The service is not there or goes away.
            DeadlineError: A frame is not answered within the timeout.
        """
        return locate_each(self.open_location_stream(), iter(frames), max(1, in_flight), fps)

    def open_location_stream(self) -> LocationStream:
        """Open a stream whose frames are sent and answers received one by one."""
        return LocationStream(
            self._channels["location"], self.address("location"), self._options.timeouts.locate
        )

    def apply_mask(
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
        """Put a drawn mask on one face. The same arguments give the same pixels.

        Args:
            image: Encoded bytes, or uint8 pixels H×W (gray) or H×W×3 (RGB).
            box: Where the face is, in pixels; None: the whole picture is the face.
            style: One of `list_masks`, e.g. "surgical"; empty: the seed chooses.
            colour: One of `list_masks`, e.g. "white", or "#rrggbb"; empty: the seed chooses.
            seed: 0 to 2**64 - 1; decides all that is random.
            pattern: One of `list_masks`, e.g. "plain"; empty: the seed chooses.
            position: One of `list_masks`, or "random"; empty: worn properly.

        Raises:
            InvalidInputError: The picture or the box cannot be used, or the style, colour,
                pattern or position is not known.
            NoFaceError: The landmarks leave no area for a mask.
            UnavailableError: No service answers at the address.
            OverloadedError: The service has too much to do, and retries did not help.
            DeadlineError: No answer within the timeout.
        """
        return self._answer(
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

    def list_masks(self) -> KnownMasks:
        """Name the styles, colours, patterns and positions that `apply_mask` knows.

        Raises:
            UnavailableError: No service answers at the address.
            OverloadedError: The service has too much to do, and retries did not help.
            DeadlineError: No answer within the timeout.
        """
        return self._answer(calls.list_masks_call(self._options.timeouts))

    def classify(self, faces: Sequence[Picture]) -> list[Expression]:
        """Tell what cropped faces express; more than 64 are sent in several calls.

        Args:
            faces: Crops framed as located boxes are; 48×48 gray costs least.

        Returns:
            One expression for each face, in order.

        Raises:
            InvalidInputError: A crop is damaged, too small or too large.
            UnavailableError: No service answers at the address.
            OverloadedError: The service has too much to do, and retries did not help.
            DeadlineError: No answer within the timeout.
        """
        results: list[Expression] = []
        for group in calls.groups(faces):
            call = calls.classify_call(group, self._options.timeouts)
            expressions = self._answer(call)
            results += expressions
        return results

    def close(self) -> None:
        """Close the channels; calls under way are cancelled."""
        for channel in self._channels.values():
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _answer(self, call: Call[Answer]) -> Answer:
        race = self._hedges.race(call)
        with translated_errors(self.address(call.service)):
            response = self._send(call) if race is None else self._first_answer(call, race)
        return call.read(response)

    def _is_serving(self, service: Service, readiness: Readiness) -> bool:
        call = calls.health_call(service)
        try:
            if call.read(self._send(call)):
                return True
        except grpc.RpcError as error:
            readiness.failed(error)
        else:
            readiness.not_serving()
        return False

    def _method(self, call: Call[Any]) -> Any:
        return self._channels[call.service].unary_unary(
            call.method, request_serializer=call.serialize, response_deserializer=call.parse
        )

    def _send(self, call: Call[Any]) -> Any:
        return self._method(call)(call.request, timeout=call.timeout_s)

    def _first_answer(self, call: Call[Any], race: Race) -> Any:
        method = self._method(call)
        arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        running: list[Any] = []

        def start() -> None:
            running.append(method.future(call.request, timeout=race.begin()))
            running[-1].add_done_callback(arrived.put)

        start()
        try:
            while True:
                try:
                    done = arrived.get(timeout=race.patience_s)
                except queue.Empty:
                    if race.may_hedge():
                        start()
                    continue
                try:
                    return done.result()
                except grpc.FutureCancelledError:
                    raise UnavailableError("the client was closed: make another") from None
                except grpc.RpcError as error:
                    if race.lost(code_of(error)):
                        raise
        finally:
            for attempt in running:
                attempt.cancel()
