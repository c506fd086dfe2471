"""Every call of the contract as a plain value: what is sent, where, how long, how it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from google.protobuf.message import Message
from grpc_health.v1 import health_pb2

from maskmesh.clients.mesh.options import Timeouts
from maskmesh.clients.mesh.pictures import Picture, to_message
from maskmesh.clients.mesh.results import Box, Expression, Face, KnownMasks, MaskedFace
from maskmesh.clients.mesh.translation import (
    box_message,
    expressions_from,
    face_from,
    known_masks_from,
    masked_face_from,
)
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.v1 import classification_pb2, location_pb2, synthesis_pb2

Service = Literal["location", "synthesis", "classification"]
ALL_SERVICES: tuple[Service, ...] = ("location", "synthesis", "classification")
MAX_FACES_PER_CALL = 64
SEEDS = 2**64
"""Seeds of masks are from 0 to one less."""

LOCATE = "/maskmesh.v1.FaceLocationService/Locate"
LOCATE_STREAM = "/maskmesh.v1.FaceLocationService/LocateStream"
APPLY = "/maskmesh.v1.MaskSynthesisService/Apply"
LIST_MASKS = "/maskmesh.v1.MaskSynthesisService/ListMasks"
CLASSIFY = "/maskmesh.v1.ExpressionClassificationService/Classify"
HEALTH = "/grpc.health.v1.Health/Check"
IDEMPOTENT = (LOCATE, APPLY, LIST_MASKS, CLASSIFY)
"""Methods that may be sent twice: the same request gives the same answer and changes nothing."""

_HEALTH_TIMEOUT_S = 1.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One unary call.

    Attributes:
        service: Who is called.
        method: Full name, "/package.Service/Method".
        request: What is sent.
        response_type: What comes back.
        timeout_s: How long all of it may take, retries and hedges too, in seconds.
        read: Makes the result of the answer.
    """

    service: Service
    method: str
    request: Message
    response_type: type[Message]
    timeout_s: float
    read: Callable[[Any], Answer]

    def parse(self, data: bytes) -> Message:
        """Return the message that an answer's bytes hold."""
        return self.response_type.FromString(data)

    def serialize(self, request: Message) -> bytes:
        """Return the bytes of a request."""
        return request.SerializeToString()


def locate_call(image: Picture, timeouts: Timeouts) -> Call[list[Face]]:
    """Return the call that finds faces; see `MeshClient.locate`."""
    return Call(
        "location",
        LOCATE,
        location_pb2.LocateRequest(image=to_message(image)),
        location_pb2.LocateResponse,
        timeouts.locate,
        lambda response: [face_from(face) for face in response.faces],
    )


def apply_mask_call(
    timeouts: Timeouts,
    image: Picture,
    box: Box | None,
    *,
    style: str,
    colour: str,
    seed: int,
    pattern: str,
    position: str,
) -> Call[MaskedFace]:
    """Return the call that masks a face; see `MeshClient.apply_mask`."""
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
    response_type = synthesis_pb2.ApplyResponse
    return Call("synthesis", APPLY, request, response_type, timeouts.apply_mask, masked_face_from)


def list_masks_call(timeouts: Timeouts) -> Call[KnownMasks]:
    """Return the call that names masks; see `MeshClient.list_masks`."""
    request = synthesis_pb2.ListMasksRequest()
    response_type = synthesis_pb2.ListMasksResponse
    timeout_s = timeouts.apply_mask
    return Call("synthesis", LIST_MASKS, request, response_type, timeout_s, known_masks_from)


def classify_call(group: Sequence[Picture], timeouts: Timeouts) -> Call[list[Expression]]:
    """Return the call that classifies up to 64 faces; see `MeshClient.classify`."""
    return Call(
        "classification",
        CLASSIFY,
        classification_pb2.ClassifyRequest(faces=[to_message(face) for face in group]),
        classification_pb2.ClassifyResponse,
        timeouts.classify,
        partial(expressions_from, expected=len(group)),
    )


def groups(faces: Sequence[Picture]) -> list[Sequence[Picture]]:
    """Return faces in groups that one call takes."""
    starts = range(0, len(faces), MAX_FACES_PER_CALL)
    return [faces[start : start + MAX_FACES_PER_CALL] for start in starts]


def health_call(service: Service) -> Call[bool]:
    """Return the call that asks whether a service is serving."""
    return Call(
        service,
        HEALTH,
        health_pb2.HealthCheckRequest(),
        health_pb2.HealthCheckResponse,
        _HEALTH_TIMEOUT_S,
        lambda answer: bool(answer.status == health_pb2.HealthCheckResponse.SERVING),
    )
