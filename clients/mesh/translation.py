"""From messages of the contract to plain results."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.mesh.results import Box, Expression, Face, KnownMasks, MaskedFace
from maskmesh.services.runtime.errors import MaskmeshError
from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.services.runtime.images import to_array
from maskmesh.v1 import classification_pb2, common_pb2, location_pb2, synthesis_pb2


def face_from(message: location_pb2.Face, track: int | None = None) -> Face:
    """Return a located face."""
    box = message.box
    expected = message.source == location_pb2.FACE_SOURCE_TRACK
    return Face(
        box=(box.x, box.y, box.width, box.height),
        score=message.score,
        source="track" if expected else "face",
        track=track,
    )


def box_message(box: Box) -> common_pb2.Box:
    """Return the message of a box."""
    x, y, width, height = box
    return common_pb2.Box(x=x, y=y, width=width, height=height)


def expressions_from(
    response: classification_pb2.ClassifyResponse, expected: int
) -> list[Expression]:
    """Return the expressions of one answer, in the order of its faces.

    Args:
        response: The service's answer.
        expected: How many faces were sent.

    Raises:
        MaskmeshError: The answer does not keep to the contract.
    """
    _check_contract(response, expected)
    return [
        Expression(
            # The enum counts from 1: 0 is reserved for "not set".
            label=EXPRESSIONS[classified.expression - 1],
            probabilities=tuple(classified.probabilities),
            mask_probability=classified.mask_probability,
            model_name=response.model_name,
            model_version=response.model_version,
        )
        for classified in response.classifications
    ]


def _check_contract(response: classification_pb2.ClassifyResponse, expected: int) -> None:
    count = len(response.classifications)
    if count != expected:
        raise MaskmeshError(
            f"the classification service answered {count} faces of {expected}: "
            "run client and service in the same version"
        )
    for classified in response.classifications:
        if len(classified.probabilities) != len(EXPRESSIONS) or not (
            1 <= classified.expression <= len(EXPRESSIONS)
        ):
            raise MaskmeshError(
                f"the classification service answered expression {classified.expression} with "
                f"{len(classified.probabilities)} probabilities, {len(EXPRESSIONS)} are known: "
                "run client and service in the same version"
            )


def masked_face_from(response: synthesis_pb2.ApplyResponse) -> MaskedFace:
    """Return a masked face."""
    return MaskedFace(
        image=to_array(response.image, "keep"),
        landmarks=_points(list(response.landmarks)),
        quad=_points(list(response.quad)),
        confidence=response.confidence,
        style=response.style,
        colour=response.colour,
        pattern=response.pattern,
        position=response.position,
    )


def known_masks_from(response: synthesis_pb2.ListMasksResponse) -> KnownMasks:
    """Return the names that masks are chosen by."""
    return KnownMasks(
        tuple(response.styles),
        tuple(response.colours),
        tuple(response.patterns),
        tuple(response.positions),
    )


def _points(points: list[common_pb2.Point]) -> NDArray[np.float32]:
    return np.array([(point.x, point.y) for point in points], dtype=np.float32).reshape(-1, 2)
