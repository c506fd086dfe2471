from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from functools import partial

import cv2
import grpc
import numpy as np
import pytest
from pydantic import ValidationError

from maskmesh.services.face_location.detector import Detection
from maskmesh.services.face_location.servicer import FaceLocationServicer, build
from maskmesh.services.face_location.settings import LocationSettings
from maskmesh.services.face_location.tracking import FaceFollower
from maskmesh.services.runtime.errors import InvalidInputError, TooLargeError
from maskmesh.services.runtime.images import from_array
from maskmesh.services.runtime.pictures import PictureLimits
from maskmesh.v1 import common_pb2
from maskmesh.v1 import location_pb2 as pb

INVALID = grpc.StatusCode.INVALID_ARGUMENT.value[0]
FACE, TRACK = pb.FACE_SOURCE_FACE, pb.FACE_SOURCE_TRACK


class BrightSquares:
    """A detector whose faces are the bright areas of a dark picture."""

    def __init__(self):
        self.threads: set[int] = set()

    def detect(self, gray, small_faces=True, cells=None):
        self.threads.add(threading.get_ident())
        _, _, stats, _ = cv2.connectedComponentsWithStats((gray > 60).astype(np.uint8))
        boxes = sorted(tuple(int(v) for v in row[:4]) for row in stats[1:] if row[4] > 100)
        return [Detection(box, 0.9375, "face") for box in boxes]

    def find_near(self, gray, boxes):
        found = {face.box: face for face in self.detect(gray)}
        answers = []
        for x, y, side, _ in boxes:
            near = [box for box in found if max(abs(box[0] - x), abs(box[1] - y)) < side / 2]
            answers.append(Detection(near[0], 0.5, "track") if near else None)
        return answers


@pytest.fixture
def finder() -> BrightSquares:
    return BrightSquares()


@pytest.fixture
def servicer(finder) -> FaceLocationServicer:
    limits = PictureLimits(max_pixels=1_000_000)
    return FaceLocationServicer(finder, limits, partial(FaceFollower, finder, 0.2, 0.5))


def picture(*squares: tuple[int, int, int], size: tuple[int, int] = (320, 240)) -> np.ndarray:
    """A dark picture with bright, patterned squares (x, y, side)."""
    gray = np.zeros((size[1], size[0]), np.uint8)
    for x, y, side in squares:
        pattern = np.random.default_rng(side).integers(100, 256, (8, 8)).astype(np.uint8)
        gray[y : y + side, x : x + side] = cv2.resize(pattern, (side, side))
    return gray


def frame(
    number: int, image: np.ndarray | common_pb2.Image | None, time_ms: float | None = None
) -> pb.LocateStreamRequest:
    message = from_array(image) if isinstance(image, np.ndarray) else image
    time_us = None if time_ms is None else round(time_ms * 1000)
    return pb.LocateStreamRequest(frame_id=number, image=message, capture_time_us=time_us)


async def stream(
    servicer: FaceLocationServicer, requests: Iterable[pb.LocateStreamRequest]
) -> list[pb.LocateStreamResponse]:
    async def incoming() -> AsyncIterator[pb.LocateStreamRequest]:
        for request in requests:
            yield request

    return [answer async for answer in servicer.LocateStream(incoming(), None)]


def ids(answers: list[pb.LocateStreamResponse]) -> list[list[int]]:
    return [[face.track_id for face in answer.located.faces] for answer in answers]


async def test_locate_answers_what_the_detector_finds(servicer):
    gray = picture((20, 30, 60), (200, 100, 80))
    answer = await servicer.Locate(pb.LocateRequest(image=from_array(gray, "png")), None)
    assert (answer.image_width, answer.image_height) == (320, 240)
    boxes = [(f.box.x, f.box.y, f.box.width, f.box.height) for f in answer.faces]
    assert boxes == [(20, 30, 60, 60), (200, 100, 80, 80)]
    assert [(face.score, face.source) for face in answer.faces] == [(0.9375, FACE)] * 2


async def test_no_face_is_an_answer(servicer):
    request = pb.LocateRequest(image=from_array(picture(size=(80, 60))))
    answer = await servicer.Locate(request, None)
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


async def test_a_face_is_searched_for_once_and_then_found_where_it_is_expected(servicer):
    answers = await stream(servicer, [frame(n, picture((50, 60, 80)), n * 33) for n in range(9)])
    assert ids(answers) == [[1]] * 9
    sources = [answer.located.faces[0].face.source for answer in answers]
    assert sources == [FACE, TRACK, TRACK, TRACK, TRACK, TRACK, FACE, TRACK, TRACK]
    boxes = [answer.located.faces[0].face.box for answer in answers]
    assert {(box.x, box.y, box.width, box.height) for box in boxes} == {(50, 60, 80, 80)}


async def test_searches_go_by_the_capture_time(servicer):
    answers = await stream(servicer, [frame(n, picture((50, 60, 80)), n * 100) for n in range(5)])
    sources = [answer.located.faces[0].face.source for answer in answers]
    assert sources == [FACE, TRACK, FACE, TRACK, FACE]


async def test_a_bad_frame_is_answered_by_a_problem_and_the_face_keeps_its_id(servicer):
    good = picture((50, 60, 80))
    cut_short = common_pb2.Image(encoded=from_array(good, "png").encoded[:100])
    requests = [frame(7, good, 0), frame(8, cut_short, 40), frame(9, None), frame(7, good, 80)]
    answers = await stream(servicer, requests)
    assert [answer.frame_id for answer in answers] == [7, 8, 9, 7]
    outcomes = [answer.WhichOneof("outcome") for answer in answers]
    assert outcomes == ["located", "problem", "problem", "located"]
    assert [answer.problem.code for answer in answers[1:3]] == [INVALID, INVALID]
    assert "damaged" in answers[1].problem.message
    assert ids(answers) == [[1], [], [], [1]]
    assert (answers[0].located.image_width, answers[0].located.image_height) == (320, 240)


async def test_a_stream_may_change_its_resolution_and_its_mind_about_time(servicer):
    small, large = picture((50, 60, 80)), picture((50, 60, 80), size=(320, 240)).repeat(2, 0)
    large = large.repeat(2, 1)
    requests = [frame(1, small, 500), frame(2, large, 533), frame(3, large, 100), frame(4, large)]
    answers = await stream(servicer, requests)
    assert ids(answers) == [[1]] * 4
    box = answers[1].located.faces[0].face.box
    assert (box.x, box.y, box.width, box.height) == pytest.approx((100, 120, 160, 160), abs=2)


async def test_streams_at_the_same_time_count_their_own_faces_in_order(servicer, finder):
    def requests(*squares):
        return [frame(n, picture(*squares), n * 33) for n in range(12)]

    both = await asyncio.gather(
        stream(servicer, requests((50, 60, 80))),
        stream(servicer, requests((30, 20, 60), (200, 100, 80))),
    )
    assert [ids(answers) for answers in both] == [[[1]] * 12, [[1, 2]] * 12]
    for answers in both:
        assert [answer.frame_id for answer in answers] == list(range(12))
    assert threading.get_ident() not in finder.threads


async def test_a_face_that_is_gone_too_long_comes_back_as_another(servicer):
    there, gone = picture((50, 60, 80)), picture()
    shown = [there] * 20 + [gone] * 10 + [there] + [gone] * 20 + [there] * 4
    answers = await stream(servicer, [frame(n, one, n * 33) for n, one in enumerate(shown)])
    assert ids(answers[:51]) == [[1]] * 20 + [[]] * 10 + [[1]] + [[]] * 20
    assert ids(answers)[-1] == [2]


def test_build_names_the_service_as_the_contract_does():
    hosted = build(LocationSettings())
    assert hosted.name == "location"
    assert hosted.full_names == (pb.DESCRIPTOR.services_by_name["FaceLocationService"].full_name,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_score": 0},
        {"min_score": 1},
        {"search_side": 10},
        {"search_interval_ms": -1},
        {"track_patience_ms": -1},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        LocationSettings(**wrong)
