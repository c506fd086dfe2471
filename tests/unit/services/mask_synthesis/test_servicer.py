from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.positions import POSITIONS
from maskmesh.services.mask_synthesis.servicer import MaskSynthesisServicer, build
from maskmesh.services.mask_synthesis.settings import SynthesisSettings
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.errors import InvalidInputError, SetupError, TooLargeError
from maskmesh.services.runtime.images import from_array, to_array
from maskmesh.services.runtime.pictures import PictureLimits, encode_jpeg
from maskmesh.v1 import common_pb2
from maskmesh.v1 import synthesis_pb2 as pb


@pytest.fixture(scope="module")
def servicer(predictor) -> MaskSynthesisServicer:
    limits = PictureLimits(max_bytes=600 * 1024)
    return MaskSynthesisServicer(MaskSynthesizer(predictor), limits)


def face_request(photo, **fields) -> pb.ApplyRequest:
    x, y, width, height = photo.box
    request = pb.ApplyRequest(image=from_array(photo.image, "jpeg"), **fields)
    request.face_box.CopyFrom(common_pb2.Box(x=x, y=y, width=width, height=height))
    return request


async def test_apply_answers_what_the_algorithm_says(servicer, predictor, photos):
    photo = photos["obama"]
    wishes = {
        "style": "cloth",
        "colour": "#40a0ff",
        "pattern": "stripes",
        "position": POSITIONS[-1],
    }
    request = face_request(photo, seed=5, **wishes)
    answer = await servicer.Apply(request, None)
    expected = MaskSynthesizer(predictor).apply(
        to_array(request.image, "RGB"), seed=5, box=photo.box, **wishes
    )
    np.testing.assert_array_equal(to_array(answer.image, "keep"), expected.image)
    np.testing.assert_allclose([(p.x, p.y) for p in answer.landmarks], expected.landmarks)
    np.testing.assert_allclose([(p.x, p.y) for p in answer.quad], expected.quad)
    assert answer.confidence == pytest.approx(expected.confidence)
    assert {name: getattr(answer, name) for name in wishes} == wishes


async def test_without_a_box_the_picture_is_the_face_and_gray_stays_gray(servicer, photos):
    photo = photos["astronaut"]
    x, y, width, height = photo.box
    gray = photo.image[y : y + height, x : x + width].mean(axis=2).astype(np.uint8)
    answer = await servicer.Apply(pb.ApplyRequest(image=from_array(gray)), None)
    assert to_array(answer.image, "keep").shape == gray.shape
    assert answer.confidence > 0.5


async def test_without_names_the_seed_chooses(servicer, photos):
    answers = [
        await servicer.Apply(face_request(photos["biden"], seed=seed), None) for seed in range(12)
    ]
    assert len({answer.style for answer in answers}) > 1
    assert len({answer.colour for answer in answers}) == len(answers)
    assert {answer.position for answer in answers} == {"proper"}


async def test_a_jpeg_is_answered_on_demand(servicer, photos):
    request = face_request(photos["obama"], seed=1)
    lossless = to_array((await servicer.Apply(request, None)).image, "keep")
    request.jpeg_quality = 80
    answer = await servicer.Apply(request, None)
    assert answer.image.encoded == encode_jpeg(lossless, 80)


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        ({"image": common_pb2.Image()}, InvalidInputError, "no content"),
        ({"image": common_pb2.Image(encoded=b"GIF89a")}, InvalidInputError, "picture"),
        ({"image": common_pb2.Image(encoded=bytes(601 * 1024))}, TooLargeError, "limit"),
        ({"face_box": common_pb2.Box(x=500, width=90, height=90)}, InvalidInputError, "not inside"),
        ({"face_box": common_pb2.Box()}, InvalidInputError, "at least a pixel"),
        ({"style": "lace"}, InvalidInputError, "surgical, cloth"),
        ({"pattern": "lace"}, InvalidInputError, "plain"),
        ({"position": "on_hat"}, InvalidInputError, "proper"),
        ({"jpeg_quality": 101}, InvalidInputError, "1 to 100"),
    ],
)
async def test_bad_requests_raise_the_family(servicer, photos, fields, error, says):
    request = face_request(photos["obama"])
    for name, value in fields.items():
        if isinstance(value, str | int):
            setattr(request, name, value)
        else:
            getattr(request, name).CopyFrom(value)
    with pytest.raises(error, match=says):
        await servicer.Apply(request, None)


async def as_stream(items: Iterable[pb.ApplyStreamRequest]) -> AsyncIterator[pb.ApplyStreamRequest]:
    for item in items:
        yield item


async def test_a_stream_goes_on_after_a_bad_picture(servicer, photos):
    good = face_request(photos["obama"], style="surgical", colour="white")
    requests = [
        pb.ApplyStreamRequest(request_id=number, apply=request)
        for number, request in ((7, good), (3, pb.ApplyRequest()), (9, good))
    ]
    answers = [answer async for answer in servicer.ApplyStream(as_stream(requests), None)]
    assert [answer.request_id for answer in answers] == [7, 3, 9]
    outcomes = [answer.WhichOneof("outcome") for answer in answers]
    assert outcomes == ["applied", "problem", "applied"]
    assert answers[1].problem.code == 3
    assert "no content" in answers[1].problem.message
    assert answers[0].applied == answers[2].applied


async def test_faces_in_one_message_are_answered_in_one_message(servicer, photos):
    good = face_request(photos["obama"], style="surgical", colour="white")
    message = pb.ApplyStreamRequest(request_id=4, apply=good)
    message.more.add(request_id=8, apply=pb.ApplyRequest())
    message.more.add(request_id=6, apply=good)
    (answer,) = [answer async for answer in servicer.ApplyStream(as_stream([message]), None)]
    assert [part.request_id for part in (answer, *answer.more)] == [4, 8, 6]
    outcomes = [part.WhichOneof("outcome") for part in (answer, *answer.more)]
    assert outcomes == ["applied", "problem", "applied"]
    assert answer.more[1].applied == answer.applied


async def test_too_many_faces_in_one_message_are_refused(servicer):
    message = pb.ApplyStreamRequest(more=[pb.ApplyStreamRequest()] * 256)
    with pytest.raises(InvalidInputError, match="at most 256"):
        _ = [answer async for answer in servicer.ApplyStream(as_stream([message]), None)]


async def test_masks_are_listed(servicer):
    masks = await servicer.ListMasks(pb.ListMasksRequest(), None)
    assert {"surgical", "cloth"} <= set(masks.styles)
    assert {"white", "black"} <= set(masks.colours)
    assert {"plain", "stripes"} <= set(masks.patterns)
    assert list(masks.positions) == list(POSITIONS)


def test_build_refuses_a_missing_predictor(tmp_path: Path):
    with pytest.raises(SetupError, match="MASKMESH_SYNTHESIS_PREDICTOR_PATH"):
        build(SynthesisSettings(predictor_path=tmp_path / "none.dat"))


def test_the_predictor_path_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MASKMESH_SYNTHESIS_PREDICTOR_PATH", "own.dat")
    assert SynthesisSettings().predictor_path == Path("own.dat")
