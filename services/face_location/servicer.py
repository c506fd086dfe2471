"""Translates between the contract and `HaarFaceDetector` with `FaceFollower`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import cv2
import grpc.aio

from maskmesh.services.face_location.detector import Detection, HaarFaceDetector
from maskmesh.services.face_location.settings import LocationSettings
from maskmesh.services.face_location.tracking import FaceFollower, TrackedFace
from maskmesh.services.runtime.images import to_array
from maskmesh.services.runtime.observing.metrics import timed
from maskmesh.services.runtime.pictures import PictureLimits
from maskmesh.services.runtime.server import HostedService
from maskmesh.services.runtime.status import answer_or_problem
from maskmesh.v1 import common_pb2, location_pb2_grpc
from maskmesh.v1 import location_pb2 as pb

_SOURCES = {"face": pb.FACE_SOURCE_FACE, "track": pb.FACE_SOURCE_TRACK}
MILLISECONDS, MICROSECONDS = 1_000, 1_000_000


class FaceLocationServicer(location_pb2_grpc.FaceLocationServiceServicer):
    """Serves one detector, and a follower of its own to every stream."""

    def __init__(
        self,
        detector: HaarFaceDetector,
        limits: PictureLimits,
        new_follower: Callable[[], FaceFollower],
    ) -> None:
        self._detector = detector
        self._limits = limits
        self._new_follower = new_follower

    async def Locate(
        self, request: pb.LocateRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.LocateResponse:
        """Find the faces of one picture."""
        return await asyncio.to_thread(self._locate, request.image)

    async def LocateStream(
        self,
        request_iterator: AsyncIterator[pb.LocateStreamRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[pb.LocateStreamResponse]:
        """Follow faces through the frames of one video."""
        follower = self._new_follower()
        async for item in request_iterator:
            answer = await answer_or_problem(asyncio.to_thread(self._follow, follower, item))
            response = pb.LocateStreamResponse(frame_id=item.frame_id)
            if isinstance(answer, common_pb2.Problem):
                response.problem.CopyFrom(answer)
            else:
                response.located.CopyFrom(answer)
            yield response

    def _locate(self, image: common_pb2.Image) -> pb.LocateResponse:
        gray = to_array(image, "L", self._limits)
        with timed("locate"):
            found = self._detector.detect(gray)
        return pb.LocateResponse(
            faces=[_face(detection) for detection in found],
            image_width=gray.shape[1],
            image_height=gray.shape[0],
        )

    def _follow(self, follower: FaceFollower, item: pb.LocateStreamRequest) -> pb.TrackedFaces:
        gray = to_array(item.image, "L", self._limits)
        known_time = item.HasField("capture_time_us")
        time_s = item.capture_time_us / MICROSECONDS if known_time else None
        with timed("follow"):
            followed = follower.update(gray, time_s)
        return pb.TrackedFaces(
            faces=[_tracked_face(face) for face in followed],
            image_width=gray.shape[1],
            image_height=gray.shape[0],
        )


def build(settings: LocationSettings) -> HostedService:
    """Load cascade and network and return the service, ready to be hosted.

    Raises:
        SetupError: A file of the detector is missing or damaged.
    """
    # The service's own threads share the cores; OpenCV's would only get into their way.
    cv2.setNumThreads(1)
    detector = HaarFaceDetector(settings.min_score, settings.search_side)
    new_follower = partial(
        FaceFollower,
        detector,
        settings.search_interval_ms / MILLISECONDS,
        settings.track_patience_ms / MILLISECONDS,
    )
    servicer = FaceLocationServicer(detector, settings.picture_limits, new_follower)
    return HostedService(
        name="location",
        full_names=("maskmesh.v1.FaceLocationService",),
        add_to=lambda server: location_pb2_grpc.add_FaceLocationServiceServicer_to_server(
            servicer, server
        ),
    )


def _tracked_face(tracked: TrackedFace) -> pb.TrackedFace:
    return pb.TrackedFace(face=_face(tracked.detection), track_id=tracked.track_id)


def _face(detection: Detection) -> pb.Face:
    x, y, width, height = detection.box
    return pb.Face(
        box=common_pb2.Box(x=x, y=y, width=width, height=height),
        score=detection.score,
        source=_SOURCES[detection.source],
    )
