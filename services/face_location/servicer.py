"""Translates between the contract and `HaarFaceDetector` with `FaceTracker`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import cv2
import grpc.aio

from maskmesh.services.face_location.detector import Detection, HaarFaceDetector
from maskmesh.services.face_location.settings import LocationSettings
from maskmesh.services.face_location.tracking import FaceTracker, TrackedDetection
from maskmesh.services.runtime.images import to_array
from maskmesh.services.runtime.pictures import PictureLimits
from maskmesh.services.runtime.server import HostedService
from maskmesh.services.runtime.status import answer_or_problem
from maskmesh.v1 import common_pb2, location_pb2_grpc
from maskmesh.v1 import location_pb2 as pb

_SOURCES = {"face": pb.FACE_SOURCE_FACE, "eyes": pb.FACE_SOURCE_EYES}


class FaceLocationServicer(location_pb2_grpc.FaceLocationServiceServicer):
    """Serves one detector, and a tracker of its own to every stream."""

    def __init__(
        self, detector: HaarFaceDetector, limits: PictureLimits, max_missed_frames: int
    ) -> None:
        self._detector = detector
        self._limits = limits
        self._max_missed_frames = max_missed_frames

    async def Locate(
        self, request: pb.LocateRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.LocateResponse:
        """Find the faces of one picture."""
        detections, (width, height) = await asyncio.to_thread(self._detect, request.image)
        return pb.LocateResponse(
            faces=[_face(detection) for detection in detections],
            image_width=width,
            image_height=height,
        )

    async def LocateStream(
        self,
        request_iterator: AsyncIterator[pb.LocateStreamRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[pb.LocateStreamResponse]:
        """Follow faces through the frames of one video."""
        tracker = FaceTracker(max_missed=self._max_missed_frames)
        async for item in request_iterator:
            work = asyncio.to_thread(self._follow, tracker, item.image)
            answer = await answer_or_problem(work)
            response = pb.LocateStreamResponse(frame_id=item.frame_id)
            if isinstance(answer, common_pb2.Problem):
                response.problem.CopyFrom(answer)
            else:
                response.located.CopyFrom(answer)
            yield response

    def _follow(self, tracker: FaceTracker, image: common_pb2.Image) -> pb.TrackedFaces:
        detections, size = self._detect(image)
        return pb.TrackedFaces(
            faces=[_tracked_face(face) for face in tracker.update(detections, size)],
            image_width=size[0],
            image_height=size[1],
        )

    def _detect(self, image: common_pb2.Image) -> tuple[list[Detection], tuple[int, int]]:
        gray = to_array(image, "L", self._limits)
        return self._detector.detect(gray), (gray.shape[1], gray.shape[0])


def build(settings: LocationSettings) -> HostedService:
    """Load the cascades and return the service, ready to be hosted.

    Raises:
        SetupError: A cascade file is missing or damaged.
    """
    # The service's own threads share the cores; OpenCV's would only get into their way.
    cv2.setNumThreads(1)
    detector = HaarFaceDetector(settings.min_score, settings.sizes)
    servicer = FaceLocationServicer(detector, settings.picture_limits, settings.max_missed_frames)
    return HostedService(
        name="location",
        full_names=("maskmesh.v1.FaceLocationService",),
        add_to=lambda server: location_pb2_grpc.add_FaceLocationServiceServicer_to_server(
            servicer, server
        ),
    )


def _tracked_face(tracked: TrackedDetection) -> pb.TrackedFace:
    return pb.TrackedFace(face=_face(tracked.detection), track_id=tracked.track_id)


def _face(detection: Detection) -> pb.Face:
    x, y, width, height = detection.box
    return pb.Face(
        box=common_pb2.Box(x=x, y=y, width=width, height=height),
        score=detection.score,
        source=_SOURCES[detection.source],
    )
