from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import grpc
import numpy as np
import pytest
from pydantic import ValidationError

from maskmesh.services.face_location.servicer import FaceLocationServicer, build
from maskmesh.services.face_location.settings import LocationSettings
from maskmesh.services.runtime.errors import InvalidInputError, TooLargeError
from maskmesh.services.runtime.images import from_array
from maskmesh.services.runtime.pictures import PictureLimits
from maskmesh.v1 import common_pb2
from maskmesh.v1 import location_pb2 as pb

INVALID = grpc.StatusCode.INVALID_ARGUMENT.value[0]


@pytest.fixture(scope="module")
def servicer(detector) -> FaceLocationServicer:
    return FaceLocationServicer(detector, PictureLimits(max_pixels=1_000_000), 2)


def frame(number: int, image: common_pb2.Image | None) -> pb.LocateStreamRequest:
    return pb.LocateStreamRequest(frame_id=number, image=image)


async def stream(
    servicer: FaceLocationServicer, requests: Iterable[pb.LocateStreamRequest]
) -> list[pb.LocateStreamResponse]:
    async def incoming() -> AsyncIterator[pb.LocateStreamRequest]:
        for request in requests:
            yield request

    return [answer async for answer in servicer.LocateStream(incoming(), None)]


@pytest.mark.parametrize("encoding", ["raw", "jpeg", "png"])
async def test_locate_answers_what_the_detector_finds(servicer, detector, photos, encoding):
    image = from_array(photos["obama"], encoding)
    answer = await servicer.Locate(pb.LocateRequest(image=image), None)
    assert (answer.image_width, answer.image_height) == (512, 640)
    (face,) = answer.faces
    assert face.source == pb.FACE_SOURCE_FACE
    (expected,) = detector.detect(photos["obama"])
    box = face.box.x, face.box.y, face.box.width, face.box.height
    assert box == pytest.approx(expected.box, abs=8 if encoding == "jpeg" else 0)
    assert face.score == pytest.approx(expected.score, abs=0.05)


async def test_no_face_is_an_answer(servicer):
    answer = await servicer.Locate(
        pb.LocateRequest(image=from_array(np.zeros((60, 80), np.uint8))), None
    )
    assert list(answer.faces) == []
    assert (answer.image_width, answer.image_height) == (80, 60)


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (None, InvalidInputError),
        (common_pb2.Image(encoded=b""), InvalidInputError),
        (common_pb2.Image(encoded=b"no picture"), InvalidInputError),
        (from_array(np.zeros((1, 1), np.uint8)), InvalidInputError),
        (from_array(np.zeros((1001, 1000), np.uint8), "png"), TooLargeError),
    ],
    ids=["none", "empty", "not a picture", "one pixel", "too large"],
)
async def test_a_picture_that_cannot_be_used_is_refused(servicer, image, error):
    with pytest.raises(error):
        await servicer.Locate(pb.LocateRequest(image=image), None)


async def test_a_bad_frame_is_answered_by_a_problem_and_the_face_keeps_its_id(servicer, photos):
    good = from_array(photos["astronaut"])
    cut_short = common_pb2.Image(encoded=from_array(photos["astronaut"], "jpeg").encoded[:2000])
    answers = await stream(
        servicer, [frame(7, good), frame(8, cut_short), frame(9, None), frame(7, good)]
    )
    assert [answer.frame_id for answer in answers] == [7, 8, 9, 7]
    assert [answer.WhichOneof("outcome") for answer in answers] == [
        "located",
        "problem",
        "problem",
        "located",
    ]
    assert [answer.problem.code for answer in answers[1:3]] == [INVALID, INVALID]
    assert "damaged or cut short" in answers[1].problem.message
    assert [face.track_id for answer in answers for face in answer.located.faces] == [1, 1]
    assert (answers[0].located.image_width, answers[0].located.image_height) == (512, 512)


async def test_each_stream_counts_its_own_faces(servicer, photos):
    for name in ("obama", "biden"):
        (answer,) = await stream(servicer, [frame(1, from_array(photos[name]))])
        assert [face.track_id for face in answer.located.faces] == [1]


async def test_a_face_that_is_gone_too_long_comes_back_as_another(servicer, photos):
    good, empty = from_array(photos["obama"]), from_array(np.zeros((640, 512), np.uint8))
    images = [good, empty, empty, good, empty, empty, empty, good]
    answers = await stream(servicer, [frame(n, image) for n, image in enumerate(images)])
    seen = [[face.track_id for face in answer.located.faces] for answer in answers]
    assert seen == [[1], [], [], [1], [], [], [], [2]]


def test_build_names_the_service_as_the_contract_does():
    hosted = build(LocationSettings())
    assert hosted.name == "location"
    assert hosted.full_names == (pb.DESCRIPTOR.services_by_name["FaceLocationService"].full_name,)


@pytest.mark.parametrize(
    "wrong", [{"min_score": 0}, {"min_score": 1}, {"search_side": 10}, {"max_missed_frames": -1}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        LocationSettings(**wrong)
