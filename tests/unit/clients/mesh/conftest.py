"""The contract's three services with answers made up by the test, in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from maskmesh.clients.mesh.client import MeshClient, Timeouts
from maskmesh.services.runtime.images import to_array
from maskmesh.services.runtime.processes import MeshAddresses
from maskmesh.v1 import (
    classification_pb2,
    classification_pb2_grpc,
    common_pb2,
    location_pb2,
    location_pb2_grpc,
    synthesis_pb2,
    synthesis_pb2_grpc,
)


@dataclass
class FakeServices(
    location_pb2_grpc.FaceLocationServiceServicer,
    synthesis_pb2_grpc.MaskSynthesisServiceServicer,
    classification_pb2_grpc.ExpressionClassificationServiceServicer,
):
    """Answers with the first pixel's value, so that a test sees which request an answer is to."""

    before_answer: Callable[[grpc.ServicerContext], None] = lambda context: None
    answer_frame: threading.Semaphore | None = None
    arrived: list[int] = field(default_factory=list)
    capture_times: list[int | None] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)

    def Locate(self, request, context):
        self.calls.append(request)
        self.before_answer(context)
        pixels = to_array(request.image, "L")
        box = common_pb2.Box(x=int(pixels[0, 0]), y=1, width=2, height=3)
        face = location_pb2.Face(box=box, score=0.5, source=location_pb2.FACE_SOURCE_FACE)
        return location_pb2.LocateResponse(faces=[face], image_width=1, image_height=1)

    def LocateStream(self, requests, context):
        for request in requests:
            self.arrived.append(request.frame_id)
            known_time = request.HasField("capture_time_us")
            self.capture_times.append(request.capture_time_us if known_time else None)
            if self.answer_frame is not None:
                self.answer_frame.acquire()
            self.before_answer(context)
            pixels = to_array(request.image, "L")
            response = location_pb2.LocateStreamResponse(frame_id=request.frame_id)
            if pixels[0, 0] == 13:
                response.problem.CopyFrom(common_pb2.Problem(code=3, message="unlucky"))
            else:
                tracked = location_pb2.TrackedFace(track_id=int(pixels[0, 0]))
                response.located.CopyFrom(location_pb2.TrackedFaces(faces=[tracked]))
            yield response

    def Apply(self, request, context):
        self.calls.append(request)
        self.before_answer(context)
        return synthesis_pb2.ApplyResponse(
            image=request.image,
            style=request.style or "chosen",
            colour="white",
            pattern=request.pattern or "plain",
            position=request.position or "proper",
            confidence=1.0,
        )

    def ListMasks(self, request, context):
        return synthesis_pb2.ListMasksResponse(
            styles=["surgical"],
            colours=["white", "black"],
            patterns=["plain", "dots"],
            positions=["proper"],
        )

    def Classify(self, request, context):
        self.calls.append(request)
        self.before_answer(context)
        values = [int(to_array(face, "L")[0, 0]) for face in request.faces]
        return classification_pb2.ClassifyResponse(
            classifications=[
                classification_pb2.Classification(
                    expression=1, probabilities=[1, 0, 0, 0, 0, 0, 0], mask_probability=value / 256
                )
                for value in values
            ],
            model_name="fake",
            model_version="1",
        )


@dataclass
class RunningFake:
    """The services, where they are, and their health."""

    services: FakeServices
    address: str
    health: health.HealthServicer
    server: grpc.Server

    @property
    def addresses(self) -> MeshAddresses:
        return MeshAddresses(self.address, self.address, self.address)


@contextmanager
def fake_mesh(options: Sequence[tuple[str, Any]] = ()) -> Iterator[RunningFake]:
    """Run the services at one port, with some options of gRPC."""
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool, options=options)
        services = FakeServices()
        location_pb2_grpc.add_FaceLocationServiceServicer_to_server(services, server)
        synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(services, server)
        classification_pb2_grpc.add_ExpressionClassificationServiceServicer_to_server(
            services, server
        )
        state = health.HealthServicer()
        state.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(state, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield RunningFake(services, f"127.0.0.1:{port}", state, server)
        if services.answer_frame is not None:
            services.answer_frame.release(1000)
        server.stop(None).wait()


@pytest.fixture
def running() -> Iterator[RunningFake]:
    with fake_mesh() as running:
        yield running


@pytest.fixture
def client(running: RunningFake) -> Iterator[MeshClient]:
    with MeshClient(running.addresses, timeouts=Timeouts(5.0, 5.0, 5.0)) as client:
        yield client
