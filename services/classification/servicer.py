"""Translates between the contract and the classifier on the shelf."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc.aio
import numpy as np
from numpy.typing import NDArray

from maskmesh.inference import open_inference_pb2_grpc
from maskmesh.services.classification.batching import DynamicBatcher
from maskmesh.services.classification.canary import Route
from maskmesh.services.classification.open_inference.servicer import OpenInferenceServicer, Rules
from maskmesh.services.classification.preparation import prepare_faces
from maskmesh.services.classification.requests import (
    GROUPS_AT_ONCE,
    check_count,
    deadline_of,
    route_of,
)
from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.classification.shelf import ModelShelf
from maskmesh.services.classification.statistics import ServingStatistics
from maskmesh.services.classification.watch import keep_fresh
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.images import to_array
from maskmesh.services.runtime.pictures import PictureLimits
from maskmesh.services.runtime.server import HostedService
from maskmesh.services.runtime.status import answer_or_problem
from maskmesh.services.runtime.streams import answered_in_order
from maskmesh.v1 import classification_pb2 as pb
from maskmesh.v1 import classification_pb2_grpc, common_pb2

# Measured: another thread takes 50 µs to take over, and a JPEG of a face 160 µs to decode.
QUICK_BYTES = 64 * 1024


class ExpressionClassificationServicer(
    classification_pb2_grpc.ExpressionClassificationServiceServicer
):
    """Serves the classifier that is on the shelf when a call comes."""

    def __init__(
        self, shelf: ModelShelf, batcher: DynamicBatcher, limits: PictureLimits, max_faces: int
    ) -> None:
        self._shelf = shelf
        self._batcher = batcher
        self._limits = limits
        self._max_faces = max_faces

    async def Classify(
        self, request: pb.ClassifyRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ClassifyResponse:
        """Classify one or many faces."""
        return await self._classify(request, route_of(context), deadline_of(context))

    async def ClassifyStream(
        self,
        request_iterator: AsyncIterator[pb.ClassifyStreamRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[pb.ClassifyStreamResponse]:
        """Classify groups of faces, one answer a group."""
        route, deadline = route_of(context), deadline_of(context)

        async def answer(item: pb.ClassifyStreamRequest) -> pb.ClassifyStreamResponse:
            outcome = await answer_or_problem(self._classify(item.classify, route, deadline))
            if isinstance(outcome, common_pb2.Problem):
                return pb.ClassifyStreamResponse(request_id=item.request_id, problem=outcome)
            return pb.ClassifyStreamResponse(request_id=item.request_id, classified=outcome)

        async for response in answered_in_order(request_iterator, answer, GROUPS_AT_ONCE):
            yield response

    async def _classify(
        self, request: pb.ClassifyRequest, route: Route, deadline: float | None
    ) -> pb.ClassifyResponse:
        check_count(len(request.faces), self._max_faces)
        # Once for the call: the shelf may be refreshed meanwhile.
        classifier = self._shelf.pick(route)
        with self._batcher.admit(classifier, len(request.faces), deadline):
            if is_quickly_read(request.faces):
                faces = self._read(request, classifier.side)
            else:
                faces = await asyncio.to_thread(self._read, request, classifier.side)
            result = await self._batcher.classify(classifier, faces, deadline)
        return pb.ClassifyResponse(
            classifications=[
                pb.Classification(expression=best, probabilities=row, mask_probability=mask)
                for best, row, mask in zip(
                    (result.probabilities.argmax(axis=1) + 1).tolist(),
                    result.probabilities.tolist(),
                    result.mask.tolist(),
                    strict=True,
                )
            ],
            model_name=classifier.model.name,
            model_version=classifier.model.version,
        )

    def _read(self, request: pb.ClassifyRequest, side: int) -> NDArray[np.uint8]:
        return prepare_faces(
            [self._pixels(index, face) for index, face in enumerate(request.faces)], side
        )

    def _pixels(self, index: int, face: common_pb2.Image) -> NDArray[np.uint8]:
        try:
            return to_array(face, "L", self._limits)
        except InvalidInputError as error:
            raise type(error)(f"face {index}: {error}") from error


def is_quickly_read(faces: Iterable[common_pb2.Image]) -> bool:
    """Tell whether images are read faster than another thread takes over."""
    total = 0
    for face in faces:
        if face.WhichOneof("content") == "encoded":
            return False
        total += len(face.raw.data)
    return total <= QUICK_BYTES


def build(settings: ClassificationSettings) -> HostedService:
    """Load the model and return the service, ready to be hosted.

    Raises:
        NotFoundError: The repository lacks the model.
        SetupError: No version of the model can be run.
        InvalidInputError: The version is its own canary.
    """
    shelf = ModelShelf(
        settings.repository,
        settings.model,
        settings.version,
        settings.threads,
        settings.canary,
    )
    statistics = ServingStatistics()
    batcher = DynamicBatcher(settings.batching, statistics)
    typed = ExpressionClassificationServicer(
        shelf, batcher, settings.picture_limits, settings.max_faces
    )
    rules = Rules(
        settings.picture_limits, settings.max_faces, settings.batching, settings.control_refused
    )
    by_tensors = OpenInferenceServicer(shelf, batcher, statistics, rules)

    def add_to(server: grpc.aio.Server) -> None:
        classification_pb2_grpc.add_ExpressionClassificationServiceServicer_to_server(typed, server)
        open_inference_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(by_tensors, server)

    return HostedService(
        name="classification",
        full_names=(
            "maskmesh.v1.ExpressionClassificationService",
            "inference.GRPCInferenceService",
        ),
        add_to=add_to,
        beside=(lambda: keep_fresh(shelf, settings.reload_s)) if settings.reload_s else None,
        finish=batcher.drain,
    )
