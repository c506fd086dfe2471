"""The face location service over a real server, on real faces."""

from __future__ import annotations

from pathlib import Path

import grpc
import grpc.aio
import numpy as np
import pytest

from maskmesh.services.face_location.servicer import build
from maskmesh.services.face_location.settings import LocationSettings
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.images import from_array
from maskmesh.services.runtime.pictures import read_picture
from maskmesh.v1 import common_pb2, location_pb2_grpc
from maskmesh.v1 import location_pb2 as pb

Stub = location_pb2_grpc.FaceLocationServiceStub


@pytest.fixture
async def stub(host) -> Stub:
    settings = LocationSettings(port=0)
    _, channel = await host(build(settings), settings)
    return Stub(channel)


def encoded(data: bytes) -> common_pb2.Image:
    return common_pb2.Image(encoded=data)


@pytest.mark.parametrize("name", ["astronaut", "obama", "biden"])
async def test_one_face_bare_and_masked(stub: Stub, faces: Path, name: str) -> None:
    photo = read_picture(faces / f"{name}.jpg")
    bare = await stub.Locate(pb.LocateRequest(image=from_array(photo)))
    assert (bare.image_width, bare.image_height) == (photo.shape[1], photo.shape[0])
    assert len(bare.faces) == 1
    box = bare.faces[0].box
    masked = MaskSynthesizer().apply(
        photo, style="surgical", colour="white", seed=1, box=(box.x, box.y, box.width, box.height)
    )
    again = await stub.Locate(pb.LocateRequest(image=from_array(masked.image, "jpeg")))
    assert len(again.faces) == 1
    found = again.faces[0].box
    middle = (box.x + box.width / 2, box.y + box.height / 2)
    assert found.x < middle[0] < found.x + found.width
    assert found.y < middle[1] < found.y + found.height


async def test_no_face_is_an_answer(stub: Stub) -> None:
    flat = from_array(np.full((240, 320), 90, np.uint8))
    assert not (await stub.Locate(pb.LocateRequest(image=flat))).faces


async def test_a_face_at_the_border_keeps_its_box_inside(stub: Stub, faces: Path) -> None:
    photo = read_picture(faces / "astronaut.jpg")
    box = (await stub.Locate(pb.LocateRequest(image=from_array(photo)))).faces[0].box
    cut = np.ascontiguousarray(photo[:, box.x + box.width // 8 :])
    answer = await stub.Locate(pb.LocateRequest(image=from_array(cut)))
    for face in answer.faces:
        assert face.box.x >= 0
        assert face.box.x + face.box.width <= cut.shape[1]
        assert face.box.width >= 1


async def test_refused_pictures_say_why(stub: Stub, refused_pictures: dict[str, bytes]) -> None:
    for data in refused_pictures.values():
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Locate(pb.LocateRequest(image=encoded(data)))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert caught.value.details()


async def test_unusual_pictures_are_searched(
    stub: Stub, unusual_pictures: dict[str, bytes]
) -> None:
    for name, data in unusual_pictures.items():
        answer = await stub.Locate(pb.LocateRequest(image=encoded(data)))
        assert len(answer.faces) == 1, name


async def test_a_stream_keeps_the_track_over_bad_frames(
    stub: Stub, faces: Path, refused_pictures: dict[str, bytes]
) -> None:
    photo = (faces / "obama.jpg").read_bytes()
    frames = [photo, *refused_pictures.values(), photo]

    async def requests():
        for number, data in enumerate(frames):
            yield pb.LocateStreamRequest(frame_id=number, image=encoded(data))

    answers = [answer async for answer in stub.LocateStream(requests())]
    assert [answer.frame_id for answer in answers] == list(range(len(frames)))
    assert {answer.problem.code for answer in answers[1:-1]} == {3}
    first, last = answers[0].located, answers[-1].located
    assert [face.track_id for face in first.faces] == [face.track_id for face in last.faces] == [1]


async def test_streams_count_their_own_tracks(stub: Stub, faces: Path) -> None:
    image = encoded((faces / "biden.jpg").read_bytes())
    for _ in range(2):
        call = stub.LocateStream(iter([pb.LocateStreamRequest(frame_id=9, image=image)]))
        answers = [answer async for answer in call]
        assert [face.track_id for face in answers[0].located.faces] == [1]
