"""Translates between the contract and the classifier on the shelf."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio

from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.classification.shelf import ModelShelf
from maskmesh.services.classification.watch import keep_fresh
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.images import to_array
from maskmesh.services.runtime.pictures import PictureLimits
from maskmesh.services.runtime.server import HostedService
from maskmesh.services.runtime.status import answer_or_problem
from maskmesh.v1 import classification_pb2 as pb
from maskmesh.v1 import classification_pb2_grpc, common_pb2


class ExpressionClassificationServicer(
    classification_pb2_grpc.ExpressionClassificationServiceServicer
):
    """Serves the classifier that is on the shelf when a call comes."""

    def __init__(self, shelf: ModelShelf, limits: PictureLimits, max_faces: int) -> None:
        self._shelf = shelf
        self._limits = limits
        self._max_faces = max_faces

    async def Classify(
        self, request: pb.ClassifyRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ClassifyResponse:
        """Classify one or many faces."""
        return await asyncio.to_thread(self._classify, request)

    async def ClassifyStream(
        self,
        request_iterator: AsyncIterator[pb.ClassifyStreamRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[pb.ClassifyStreamResponse]:
        """Classify groups of faces, one answer a group."""
        async for item in request_iterator:
            work = asyncio.to_thread(self._classify, item.classify)
            answer = await answer_or_problem(work)
            response = pb.ClassifyStreamResponse(request_id=item.request_id)
            if isinstance(answer, common_pb2.Problem):
                response.problem.CopyFrom(answer)
            else:
                response.classified.CopyFrom(answer)
            yield response

    def _classify(self, request: pb.ClassifyRequest) -> pb.ClassifyResponse:
        if len(request.faces) > self._max_faces:
            raise InvalidInputError(
                f"{len(request.faces)} faces in one call, the limit is {self._max_faces}: "
                "send them in several"
            )
        faces = [self._pixels(index, face) for index, face in enumerate(request.faces)]
        # Once for the call: the shelf may be refreshed while it runs.
        classifier = self._shelf.current
        result = classifier.classify(faces)
        return pb.ClassifyResponse(
            classifications=[
                pb.Classification(
                    expression=pb.Expression.ValueType(int(row.argmax()) + 1),
                    probabilities=row.tolist(),
                    mask_probability=float(mask),
                )
                for row, mask in zip(result.probabilities, result.mask, strict=True)
            ],
            model_name=classifier.model.name,
            model_version=classifier.model.version,
        )

    def _pixels(self, index: int, face: common_pb2.Image) -> Any:
        try:
            return to_array(face, "L", self._limits)
        except InvalidInputError as error:
            raise type(error)(f"face {index}: {error}") from error


def build(settings: ClassificationSettings) -> HostedService:
    """Load the model and return the service, ready to be hosted.

    Raises:
        NotFoundError: The repository lacks the model.
        SetupError: No version of the model can be run.
    """
    shelf = ModelShelf(settings.repository, settings.model, settings.version, settings.threads)
    servicer = ExpressionClassificationServicer(shelf, settings.picture_limits, settings.max_faces)
    return HostedService(
        name="classification",
        full_names=("maskmesh.v1.ExpressionClassificationService",),
        add_to=lambda server: (
            classification_pb2_grpc.add_ExpressionClassificationServiceServicer_to_server(
                servicer, server
            )
        ),
        beside=(lambda: keep_fresh(shelf, settings.reload_s)) if settings.reload_s else None,
    )
