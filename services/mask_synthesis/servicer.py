"""Translates between the contract and `MaskSynthesizer`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import cv2
import grpc.aio
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.choices import RANDOM
from maskmesh.services.mask_synthesis.colours import MASK_COLOURS
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.landmarks import Box, LandmarkPredictor, check_face
from maskmesh.services.mask_synthesis.patterns import MASK_PATTERNS
from maskmesh.services.mask_synthesis.positions import POSITIONS
from maskmesh.services.mask_synthesis.settings import SynthesisSettings
from maskmesh.services.mask_synthesis.synthesizer import MaskedFace, MaskSynthesizer
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.images import from_array, to_array
from maskmesh.services.runtime.observing.metrics import timed
from maskmesh.services.runtime.pictures import PictureLimits, encode_jpeg
from maskmesh.services.runtime.server import HostedService
from maskmesh.services.runtime.status import problem_of
from maskmesh.services.runtime.streams import answered_in_order
from maskmesh.v1 import common_pb2, synthesis_pb2_grpc
from maskmesh.v1 import synthesis_pb2 as pb

MOST_MORE = 255
MAX_JPEG_QUALITY = 100


class MaskSynthesisServicer(synthesis_pb2_grpc.MaskSynthesisServiceServicer):
    """Serves one synthesizer."""

    def __init__(
        self, synthesizer: MaskSynthesizer, limits: PictureLimits, at_once: int = 2
    ) -> None:
        """Keep what serves.

        Args:
            synthesizer: Puts the masks on.
            limits: Bounds that pictures are held against.
            at_once: How many requests of one stream are worked on side by side.
        """
        self._synthesizer = synthesizer
        self._limits = limits
        self._at_once = at_once

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

        async def answer(request: pb.ApplyStreamRequest) -> pb.ApplyStreamResponse:
            return await asyncio.to_thread(self._answer_with_more, request)

        async for response in answered_in_order(request_iterator, answer, self._at_once):
            yield response

    async def ListMasks(
        self, request: pb.ListMasksRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListMasksResponse:
        """Name the masks that can be put on."""
        return pb.ListMasksResponse(
            styles=MASK_STYLES, colours=MASK_COLOURS, patterns=MASK_PATTERNS, positions=POSITIONS
        )

    def _answer_with_more(self, request: pb.ApplyStreamRequest) -> pb.ApplyStreamResponse:
        if len(request.more) > MOST_MORE:
            raise InvalidInputError(
                f"a message of {len(request.more) + 1} faces: send at most {MOST_MORE + 1}"
            )
        faces = [_Face(one.request_id, one.apply) for one in (request, *request.more)]
        for face in faces:
            face.attempt(partial(self._decode, face))
        fit = [face for face in faces if face.pixels is not None]
        landmarks = self._synthesizer.find_landmarks(
            [face.pixels for face in fit if face.pixels is not None],
            [_box(face.request) for face in fit],
        )
        for face, points in zip(fit, landmarks, strict=True):
            face.attempt(partial(self._mask, face, points))
        first, *others = (face.response for face in faces)
        first.more.extend(others)
        return first

    def _decode(self, face: _Face) -> None:
        pixels = self._checked_pixels(face.request)
        check_face(pixels, _box(face.request))
        face.pixels = pixels

    def _mask(self, face: _Face, landmarks: NDArray[np.float32]) -> None:
        assert face.pixels is not None  # noqa: S101 - it was decoded
        masked = self._put_on(face.request, face.pixels, landmarks)
        face.response.applied.CopyFrom(_response(masked, face.request))

    def _apply(self, request: pb.ApplyRequest) -> pb.ApplyResponse:
        return _response(self._put_on(request, self._checked_pixels(request)), request)

    def _checked_pixels(self, request: pb.ApplyRequest) -> NDArray[np.uint8]:
        if request.jpeg_quality > MAX_JPEG_QUALITY:
            raise InvalidInputError(
                f"a JPEG quality of {request.jpeg_quality}: give 1 to {MAX_JPEG_QUALITY}, or 0"
            )
        return to_array(request.image, "keep", self._limits)

    def _put_on(
        self,
        request: pb.ApplyRequest,
        pixels: NDArray[np.uint8],
        landmarks: NDArray[np.float32] | None = None,
    ) -> MaskedFace:
        return self._synthesizer.apply(
            pixels,
            style=request.style or RANDOM,
            colour=request.colour or RANDOM,
            pattern=request.pattern or RANDOM,
            position=request.position or POSITIONS[0],
            seed=request.seed,
            box=_box(request),
            landmarks=landmarks,
        )


class _Face:
    """One face of a stream's message, on its way to an answer."""

    def __init__(self, request_id: int, request: pb.ApplyRequest) -> None:
        self.request = request
        self.response = pb.ApplyStreamResponse(request_id=request_id)
        self.pixels: NDArray[np.uint8] | None = None

    def attempt(self, step: Callable[[], None]) -> None:
        """Do a step; if it fails, the answer is the problem."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - any failure of one face must spare the stream
            self.response.problem.CopyFrom(problem_of(error))


def build(settings: SynthesisSettings) -> HostedService:
    """Load the landmark predictor and return the service, ready to be hosted.

    Raises:
        SetupError: The predictor file is missing.
    """
    # The service's own threads share the cores; OpenCV's would only get into their way.
    cv2.setNumThreads(1)
    predictor = LandmarkPredictor(settings.predictor_path)
    servicer = MaskSynthesisServicer(
        MaskSynthesizer(predictor), settings.picture_limits, settings.workers
    )
    return HostedService(
        name="synthesis",
        full_names=("maskmesh.v1.MaskSynthesisService",),
        add_to=lambda server: synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(
            servicer, server
        ),
    )


def _response(masked: MaskedFace, request: pb.ApplyRequest) -> pb.ApplyResponse:
    return pb.ApplyResponse(
        image=_image(masked.image, request),
        landmarks=_points(masked.landmarks),
        quad=_points(masked.quad),
        confidence=masked.confidence,
        style=masked.style,
        colour=masked.colour,
        pattern=masked.pattern,
        position=masked.position,
    )


def _box(request: pb.ApplyRequest) -> Box | None:
    if not request.HasField("face_box"):
        return None
    box = request.face_box
    return box.x, box.y, box.width, box.height


def _image(pixels: NDArray[np.uint8], request: pb.ApplyRequest) -> common_pb2.Image:
    with timed("encode"):
        if request.jpeg_quality:
            return common_pb2.Image(encoded=encode_jpeg(pixels, request.jpeg_quality))
        return from_array(pixels, "raw" if request.image.HasField("raw") else "png")


def _points(points: NDArray[np.float32]) -> list[common_pb2.Point]:
    return [common_pb2.Point(x=x, y=y) for x, y in points.tolist()]
