"""Translates between the contract and `MaskSynthesizer`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

import cv2
import grpc.aio
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.choices import RANDOM
from maskmesh.services.mask_synthesis.colours import MASK_COLOURS
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.landmarks import Box, LandmarkPredictor
from maskmesh.services.mask_synthesis.settings import SynthesisSettings
from maskmesh.services.mask_synthesis.synthesizer import MaskedFace, MaskSynthesizer
from maskmesh.services.runtime.images import from_array, to_array
from maskmesh.services.runtime.pictures import PictureLimits
from maskmesh.services.runtime.server import HostedService
from maskmesh.services.runtime.status import answer_or_problem
from maskmesh.v1 import common_pb2, synthesis_pb2_grpc
from maskmesh.v1 import synthesis_pb2 as pb


class MaskSynthesisServicer(synthesis_pb2_grpc.MaskSynthesisServiceServicer):
    """Serves one synthesizer."""

    def __init__(self, synthesizer: MaskSynthesizer, limits: PictureLimits) -> None:
        self._synthesizer = synthesizer
        self._limits = limits

    async def Apply(
        self, request: pb.ApplyRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ApplyResponse:
        """Put a mask on one face."""
        return await asyncio.to_thread(self._apply, request)

    async def ApplyStream(
        self,
        request_iterator: AsyncIterator[pb.ApplyStreamRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[pb.ApplyStreamResponse]:
        """Put masks on many faces, one answer a face, in order."""
        async for item in request_iterator:
            answer = await answer_or_problem(asyncio.to_thread(self._apply, item.apply))
            response = pb.ApplyStreamResponse(request_id=item.request_id)
            if isinstance(answer, common_pb2.Problem):
                response.problem.CopyFrom(answer)
            else:
                response.applied.CopyFrom(answer)
            yield response

    async def ListMasks(
        self, request: pb.ListMasksRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListMasksResponse:
        """Name the masks that can be put on."""
        return pb.ListMasksResponse(styles=MASK_STYLES, colours=MASK_COLOURS)

    def _apply(self, request: pb.ApplyRequest) -> pb.ApplyResponse:
        masked = self._synthesizer.apply(
            to_array(request.image, "keep", self._limits),
            style=request.style or RANDOM,
            colour=request.colour or RANDOM,
            seed=request.seed,
            box=_box(request),
        )
        return _response(masked, "raw" if request.image.HasField("raw") else "png")


def build(settings: SynthesisSettings) -> HostedService:
    """Load the landmark predictor and return the service, ready to be hosted.

    Raises:
        SetupError: dlib or the predictor file is missing.
    """
    # The service's own threads share the cores; OpenCV's would only get into their way.
    cv2.setNumThreads(1)
    predictor = LandmarkPredictor(settings.predictor_path)
    servicer = MaskSynthesisServicer(MaskSynthesizer(predictor), settings.picture_limits)
    return HostedService(
        name="synthesis",
        full_names=("maskmesh.v1.MaskSynthesisService",),
        add_to=lambda server: synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(
            servicer, server
        ),
    )


def _box(request: pb.ApplyRequest) -> Box | None:
    if not request.HasField("face_box"):
        return None
    box = request.face_box
    return box.x, box.y, box.width, box.height


def _response(masked: MaskedFace, encoding: Literal["raw", "png"]) -> pb.ApplyResponse:
    return pb.ApplyResponse(
        image=from_array(masked.image, encoding),
        landmarks=_points(masked.landmarks),
        quad=_points(masked.quad),
        confidence=masked.confidence,
        style=masked.style,
        colour=masked.colour,
    )


def _points(points: NDArray[np.float32]) -> list[common_pb2.Point]:
    return [common_pb2.Point(x=x, y=y) for x, y in points.tolist()]
