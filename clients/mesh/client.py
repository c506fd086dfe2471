"""The synchronous client of the three services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from maskmesh.clients.mesh.channels import open_channel, wait_until_serving
from maskmesh.clients.mesh.failures import translated_errors
from maskmesh.clients.mesh.location_stream import LocationStream, locate_each
from maskmesh.clients.mesh.pictures import Picture, to_message
from maskmesh.clients.mesh.results import (
    Box,
    Expression,
    Face,
    FrameFaces,
    KnownMasks,
    MaskedFace,
)
from maskmesh.clients.mesh.security import PLAIN, Security
from maskmesh.clients.mesh.translation import (
    box_message,
    expressions_from,
    face_from,
    masked_face_from,
)
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.processes import MeshAddresses
from maskmesh.v1 import (
    classification_pb2,
    classification_pb2_grpc,
    location_pb2,
    location_pb2_grpc,
    synthesis_pb2,
    synthesis_pb2_grpc,
)

Service = Literal["location", "synthesis", "classification"]
ALL_SERVICES: tuple[Service, ...] = ("location", "synthesis", "classification")
MAX_FACES_PER_CALL = 64
SEEDS = 2**64
"""Seeds of masks are from 0 to one less."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a call may take, in seconds.

    Attributes:
        locate: One picture or one frame.
        apply_mask: One face.
        classify: Up to 64 faces.
    """

    locate: float = 10.0
    apply_mask: float = 10.0
    classify: float = 10.0


DEFAULT_TIMEOUTS = Timeouts()


class MeshClient:
    """Calls a running mesh. Safe to share between threads; close it, or use it in `with`."""

    def __init__(
        self,
        addresses: MeshAddresses,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        security: Security = PLAIN,
    ) -> None:
        """Prepare channels; nothing is sent until the first call.

        Args:
            addresses: Where the three services listen.
            timeouts: How long calls may take.
            security: How the lines are protected, and the key that the services know us by.

        Raises:
            InvalidInputError: The security's parts do not fit together, or not to the addresses.
            SetupError: A file of the security cannot be read.
        """
        self._addresses = addresses
        self._timeouts = timeouts
        self._channels = {name: open_channel(self.address(name), security) for name in ALL_SERVICES}
        self._location = location_pb2_grpc.FaceLocationServiceStub(self._channels["location"])
        self._synthesis = synthesis_pb2_grpc.MaskSynthesisServiceStub(self._channels["synthesis"])
        self._classification = classification_pb2_grpc.ExpressionClassificationServiceStub(
            self._channels["classification"]
        )

    @classmethod
    def connect(
        cls,
        address: str,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        security: Security = PLAIN,
    ) -> Self:
        """Return a client of the mesh that `maskmesh up --host H --port P` started.

        Args:
            address: "H:P", the location service's; the others are at P+1 and P+2.
            timeouts: How long calls may take.
            security: How the lines are protected, and the key that the services know us by.

        Raises:
            InvalidInputError: The address is not host:port, or does not fit the security.
            SetupError: A file of the security cannot be read.
        """
        return cls(MeshAddresses.at(address), timeouts, security)

    def address(self, service: Service) -> str:
        """Return the host:port that a service is called at."""
        address: str = getattr(self._addresses, service)
        return address

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
        """
        for name in services:
            wait_until_serving(self._channels[name], self.address(name), timeout_s, still_hoping)

    def locate(self, image: Picture) -> list[Face]:
        """Find the faces of one picture.

        Args:
            image: Encoded bytes, or uint8 pixels H×W (gray) or H×W×3 (RGB).

        Returns:
            The faces, highest score first; empty if there is none.

        Raises:
            InvalidInputError: The picture is damaged, animated, too small or too large.
            UnavailableError: No service answers at the address.
            DeadlineError: No answer within the timeout.
        """
        request = location_pb2.LocateRequest(image=to_message(image))
        with translated_errors(self.address("location")):
            response = self._location.Locate(request, timeout=self._timeouts.locate)
        return [face_from(face) for face in response.faces]

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
            self._channels["location"], self.address("location"), self._timeouts.locate
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
            DeadlineError: No answer within the timeout.
        """
        if not 0 <= seed < SEEDS:
            raise InvalidInputError(f"seed {seed} is not from 0 to {SEEDS - 1}: give another")
        request = synthesis_pb2.ApplyRequest(
            image=to_message(image),
            face_box=None if box is None else box_message(box),
            style=style,
            colour=colour,
            seed=seed,
            pattern=pattern,
            position=position,
        )
        with translated_errors(self.address("synthesis")):
            response = self._synthesis.Apply(request, timeout=self._timeouts.apply_mask)
        return masked_face_from(response)

    def list_masks(self) -> KnownMasks:
        """Name the styles, colours, patterns and positions that `apply_mask` knows.

        Raises:
            UnavailableError: No service answers at the address.
            DeadlineError: No answer within the timeout.
        """
        request = synthesis_pb2.ListMasksRequest()
        with translated_errors(self.address("synthesis")):
            response = self._synthesis.ListMasks(request, timeout=self._timeouts.apply_mask)
        return KnownMasks(
            tuple(response.styles),
            tuple(response.colours),
            tuple(response.patterns),
            tuple(response.positions),
        )

    def classify(self, faces: Sequence[Picture]) -> list[Expression]:
        """Tell what cropped faces express; more than 64 are sent in several calls.

        Args:
            faces: Crops framed as located boxes are; 48×48 gray costs least.

        Returns:
            One expression for each face, in order.

        Raises:
            InvalidInputError: A crop is damaged, too small or too large.
            UnavailableError: No service answers at the address.
            DeadlineError: No answer within the timeout.
        """
        results: list[Expression] = []
        for start in range(0, len(faces), MAX_FACES_PER_CALL):
            group = faces[start : start + MAX_FACES_PER_CALL]
            request = classification_pb2.ClassifyRequest(faces=[to_message(face) for face in group])
            with translated_errors(self.address("classification")):
                response = self._classification.Classify(request, timeout=self._timeouts.classify)
            results.extend(expressions_from(response, expected=len(group)))
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
