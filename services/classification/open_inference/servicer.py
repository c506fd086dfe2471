"""Translates between the Open Inference Protocol and the classifier on the shelf."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.metadata import version as version_of
from typing import Any

import grpc.aio
import numpy as np

from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.inference import open_inference_pb2_grpc
from maskmesh.services.classification.batching import DynamicBatcher
from maskmesh.services.classification.canary import Route
from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.open_inference.control import read_load_order
from maskmesh.services.classification.open_inference.description import (
    config_of,
    metadata_of,
    statistics_of,
)
from maskmesh.services.classification.open_inference.inputs import read_input
from maskmesh.services.classification.open_inference.outputs import fill_outputs, wanted_outputs
from maskmesh.services.classification.policy import BatchingPolicy
from maskmesh.services.classification.requests import GROUPS_AT_ONCE, deadline_of, route_of
from maskmesh.services.classification.shelf import ModelShelf
from maskmesh.services.classification.statistics import ServingStatistics
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, SetupError
from maskmesh.services.runtime.pictures import PictureLimits
from maskmesh.services.runtime.status import status_of
from maskmesh.services.runtime.streams import answered_in_order

Context = grpc.aio.ServicerContext[Any, Any]

_EXTENSIONS = ("classification", "model_configuration", "model_repository", "statistics")


@dataclass(frozen=True, slots=True)
class Rules:
    """What callers may do.

    Attributes:
        limits: Bounds that pictures are held against.
        max_faces: Most faces in one call.
        policy: How requests are joined, for those who ask.
        control_refused: Why callers may not load and unload; empty: they may.
    """

    limits: PictureLimits
    max_faces: int
    policy: BatchingPolicy
    control_refused: str = ""


class OpenInferenceServicer(open_inference_pb2_grpc.GRPCInferenceServiceServicer):
    """Serves what is on the shelf to any client of the Open Inference Protocol."""

    def __init__(
        self,
        shelf: ModelShelf,
        batcher: DynamicBatcher,
        statistics: ServingStatistics,
        rules: Rules,
    ) -> None:
        self._shelf = shelf
        self._batcher = batcher
        self._statistics = statistics
        self._rules = rules

    async def ServerLive(
        self, request: pb.ServerLiveRequest, context: Context
    ) -> pb.ServerLiveResponse:
        """Tell that the server answers."""
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(
        self, request: pb.ServerReadyRequest, context: Context
    ) -> pb.ServerReadyResponse:
        """Tell whether the model can be called."""
        return pb.ServerReadyResponse(ready=bool(self._shelf.served))

    async def ModelReady(
        self, request: pb.ModelReadyRequest, context: Context
    ) -> pb.ModelReadyResponse:
        """Tell whether a model, or one version of it, can be called."""
        versions = [each.model.version for each in self._shelf.served]
        wanted = bool(versions) if not request.version else request.version in versions
        return pb.ModelReadyResponse(ready=request.name == self._shelf.name and wanted)

    async def ServerMetadata(
        self, request: pb.ServerMetadataRequest, context: Context
    ) -> pb.ServerMetadataResponse:
        """Tell what the server is."""
        return pb.ServerMetadataResponse(
            name="maskmesh", version=version_of("maskmesh"), extensions=_EXTENSIONS
        )

    async def ModelMetadata(
        self, request: pb.ModelMetadataRequest, context: Context
    ) -> pb.ModelMetadataResponse:
        """Tell which tensors a model takes and gives."""
        classifier = self._pick(request.name, request.version, Route.STEADY)
        return metadata_of(classifier, [each.model.version for each in self._shelf.served])

    async def ModelConfig(
        self, request: pb.ModelConfigRequest, context: Context
    ) -> pb.ModelConfigResponse:
        """Tell how a model is served."""
        self._pick(request.name, request.version, Route.STEADY)
        config = config_of(
            self._shelf.served,
            self._shelf.canary_percent,
            self._rules.policy,
            self._rules.max_faces,
        )
        return pb.ModelConfigResponse(config=config)

    async def ModelStatistics(
        self, request: pb.ModelStatisticsRequest, context: Context
    ) -> pb.ModelStatisticsResponse:
        """Tell what the versions of a model have done."""
        if request.name:
            self._check_name(request.name)
        for classifier in self._shelf.served:
            self._statistics.of(classifier.model)
        found = [
            statistics_of(model, numbers)
            for model, numbers in self._statistics.all()
            if request.version in ("", model.version)
        ]
        if request.version and not found:
            raise NotFoundError(f"version {request.version[:64]!r} was never served")
        return pb.ModelStatisticsResponse(model_stats=found)

    async def ModelInfer(
        self, request: pb.ModelInferRequest, context: Context
    ) -> pb.ModelInferResponse:
        """Classify the faces in a request's tensors."""
        return await self._infer(request, route_of(context), deadline_of(context))

    async def ModelStreamInfer(
        self, request_iterator: AsyncIterator[pb.ModelInferRequest], context: Context
    ) -> AsyncIterator[pb.ModelStreamInferResponse]:
        """Classify the faces of one request after the other."""
        route, deadline = route_of(context), deadline_of(context)

        async def answer(request: pb.ModelInferRequest) -> pb.ModelStreamInferResponse:
            try:
                response = await self._infer(request, route, deadline)
            except Exception as error:  # noqa: BLE001 - any failure of one must spare the stream
                return pb.ModelStreamInferResponse(
                    error_message=status_of(error)[1],
                    infer_response=pb.ModelInferResponse(id=request.id),
                )
            return pb.ModelStreamInferResponse(infer_response=response)

        async for response in answered_in_order(request_iterator, answer, GROUPS_AT_ONCE):
            yield response

    async def RepositoryIndex(
        self, request: pb.RepositoryIndexRequest, context: Context
    ) -> pb.RepositoryIndexResponse:
        """List the versions of the model."""
        _check_repository(request.repository_name)
        found = await asyncio.to_thread(self._shelf.index)
        return pb.RepositoryIndexResponse(
            models=[
                pb.RepositoryIndexResponse.ModelIndex(
                    name=self._shelf.name,
                    version=each.version,
                    state="READY" if each.is_served else "UNAVAILABLE",
                    reason=each.reason,
                )
                for each in found
                if each.is_served or not request.ready
            ]
        )

    async def RepositoryModelLoad(
        self, request: pb.RepositoryModelLoadRequest, context: Context
    ) -> pb.RepositoryModelLoadResponse:
        """Take up a version; one that does not work is refused, and what is served is kept."""
        self._check_control(request.repository_name, request.model_name)
        order = read_load_order(request.parameters)
        await asyncio.to_thread(self._shelf.load, order.version, order.canary_percent)
        return pb.RepositoryModelLoadResponse()

    async def RepositoryModelUnload(
        self, request: pb.RepositoryModelUnloadRequest, context: Context
    ) -> pb.RepositoryModelUnloadResponse:
        """Serve the model no more, until it is loaded again."""
        self._check_control(request.repository_name, request.model_name)
        await asyncio.to_thread(self._shelf.unload)
        return pb.RepositoryModelUnloadResponse()

    async def _infer(
        self, request: pb.ModelInferRequest, route: Route, deadline: float | None
    ) -> pb.ModelInferResponse:
        if request.parameters:
            route, deadline = _read_parameters(request, route, deadline)
        classifier = self._pick(request.model_name, request.model_version, route)
        wanted = wanted_outputs(request)
        given = read_input(request, classifier.side, self._rules.max_faces)
        with self._batcher.admit(classifier, len(given), deadline):
            if isinstance(given, np.ndarray):
                faces = given
            else:
                side, limits = classifier.side, self._rules.limits
                faces = await asyncio.to_thread(given.read, side, limits)
            result = await self._batcher.classify(classifier, faces, deadline)
        response = pb.ModelInferResponse(
            model_name=classifier.model.name, model_version=classifier.model.version, id=request.id
        )
        fill_outputs(response, wanted, result, raw=bool(request.raw_input_contents))
        return response

    def _pick(self, name: str, version: str, route: Route) -> ExpressionClassifier:
        self._check_name(name)
        return self._shelf.pick(route, version)

    def _check_name(self, name: str) -> None:
        if name != self._shelf.name:
            raise NotFoundError(
                f"there is no model {name[:64]!r} here: the one that is served is "
                f"{self._shelf.name!r}"
            )

    def _check_control(self, repository: str, name: str) -> None:
        if self._rules.control_refused:
            raise SetupError(self._rules.control_refused)
        _check_repository(repository)
        self._check_name(name)


def _check_repository(name: str) -> None:
    if name:
        raise NotFoundError(f"there is no repository {name[:64]!r}: leave its name out")


def _read_parameters(
    request: pb.ModelInferRequest, route: Route, deadline: float | None
) -> tuple[Route, float | None]:
    """Read the parameters that count; clients send others for servers of other makes."""
    parameters = request.parameters
    if any(name.startswith("sequence_") for name in parameters):
        raise InvalidInputError("the model keeps nothing between calls: send no sequence_id")
    if "canary" in parameters:
        if parameters["canary"].WhichOneof("parameter_choice") != "bool_param":
            raise InvalidInputError("the parameter 'canary' is no bool_param: send true or false")
        route = Route.CANARY if parameters["canary"].bool_param else Route.STEADY
    if "timeout" in parameters:
        kind = parameters["timeout"].WhichOneof("parameter_choice") or ""
        limit_us = getattr(parameters["timeout"], kind, None)
        if kind not in ("int64_param", "uint64_param") or limit_us is None or limit_us < 0:
            raise InvalidInputError(
                "the parameter 'timeout' is no whole number of microseconds: send it as int64_param"
            )
        if limit_us:
            own = time.monotonic() + limit_us / 1e6
            deadline = own if deadline is None else min(deadline, own)
    return route, deadline
