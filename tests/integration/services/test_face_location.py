"""The face location service over a real server, on real faces."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import grpc
import grpc.aio
import numpy as np
import pytest

from maskmesh.bench.clips import Clip, crossing, room
from maskmesh.bench.people import Person, load_people
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


@pytest.fixture(scope="module")
def people(faces: Path) -> Mapping[str, Person]:
    return load_people(faces)


def encoded(data: bytes) -> common_pb2.Image:
    return common_pb2.Image(encoded=data)


@pytest.mark.parametrize("name", ["obama", "biden"])
async def test_one_face_bare_and_masked(stub: Stub, faces: Path, name: str) -> None:
    photo = read_picture(faces / f"{name}.jpg")
    bare = await stub.Locate(pb.LocateRequest(image=from_array(photo)))
    assert (bare.image_width, bare.image_height) == (photo.shape[1], photo.shape[0])
    assert [face.score > 0.98 for face in bare.faces].count(True) == 1
    box = bare.faces[0].box
    masked = MaskSynthesizer().apply(
        photo, style="surgical", colour="white", seed=1, box=(box.x, box.y, box.width, box.height)
    )
    again = await stub.Locate(pb.LocateRequest(image=from_array(masked.image, "jpeg")))
    found = again.faces[0].box
    middle = (box.x + box.width / 2, box.y + box.height / 2)
    assert found.x < middle[0] < found.x + found.width
    assert found.y < middle[1] < found.y + found.height


async def test_no_face_is_an_answer(stub: Stub) -> None:
    flat = from_array(np.full((240, 320), 90, np.uint8))
    assert not (await stub.Locate(pb.LocateRequest(image=flat))).faces


async def test_a_face_at_the_border_keeps_its_box_inside(stub: Stub, faces: Path) -> None:
    photo = read_picture(faces / "biden.jpg")
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
        assert answer.faces, name
        assert answer.faces[0].score > 0.9, name


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


def frames_of(
    clip: Clip, start_s: float | None = 0.0, first: int = 0
) -> list[pb.LocateStreamRequest]:
    """A clip as a stream's requests; a start of None leaves the times out."""
    return [
        pb.LocateStreamRequest(
            frame_id=first + number,
            image=from_array(clip.frame(number)),
            capture_time_us=(
                None if start_s is None else round((start_s + clip.time_s(number)) * 1e6)
            ),
        )
        for number in range(clip.frames)
    ]


async def follow(stub: Stub, requests: list[pb.LocateStreamRequest]) -> list[list[tuple[int, int]]]:
    """Send a stream; give the track and the middle across of every face, frame by frame."""
    answers = [answer async for answer in stub.LocateStream(iter(requests))]
    assert [answer.frame_id for answer in answers] == [one.frame_id for one in requests]
    return [
        [(face.track_id, face.face.box.x + face.face.box.width // 2) for face in located.faces]
        for located in (answer.located for answer in answers)
    ]


def standing(person: Person, x: float = 300.0, seconds: float = 1.0, **more) -> Clip:
    path = lambda time_s: (x, 220.0, 120.0)  # noqa: E731
    return Clip("standing", ((person, path),), round(30 * seconds), room(1), **more)


async def test_streams_at_the_same_time_count_their_own_tracks(
    stub: Stub, people: Mapping[str, Person]
) -> None:
    one = Clip(
        "two",
        (*standing(people["obama"], 180.0).cast, *standing(people["biden"], 460.0).cast),
        15,
        room(1),
    )
    other = replace(standing(people["astronaut"]), frames=15)
    results = await asyncio.gather(follow(stub, frames_of(one)), follow(stub, frames_of(other)))
    assert [[track for track, _ in faces] for faces in results[0]] == [[1, 2]] * 15
    assert [[track for track, _ in faces] for faces in results[1]] == [[1]] * 15


@pytest.mark.parametrize("masked", [False, True], ids=["bare", "masked"])
async def test_people_who_cross_keep_their_tracks(stub: Stub, faces: Path, masked: bool) -> None:
    people = load_people(faces, masked)
    clip = crossing(people["obama"], people["biden"], 4.0)
    seen = await follow(stub, frames_of(clip))
    tracks_of: dict[str, set[int]] = {"obama": set(), "biden": set()}
    for number, located in enumerate(seen):
        for face in clip.truth(number):
            middle = face.square[0] + face.square[2] / 2
            near = [track for track, x in located if abs(x - middle) < 0.3 * face.square[2]]
            if face.expected and len(near) == 1:
                tracks_of[face.name].update(near)
    assert sorted(map(sorted, tracks_of.values())) == [[1], [2]]


async def test_a_face_is_searched_for_and_then_found_where_it_is_expected(
    stub: Stub, people: Mapping[str, Person]
) -> None:
    requests = frames_of(standing(people["biden"]))
    answers = [answer async for answer in stub.LocateStream(iter(requests))]
    sources = [answer.located.faces[0].face.source for answer in answers]
    assert sources.count(pb.FACE_SOURCE_TRACK) >= 24
    assert sources[0] == pb.FACE_SOURCE_FACE


@pytest.mark.parametrize("jump_to_s", [None, 0.0, 0.5, 1e6], ids=str)
async def test_times_that_go_back_or_are_missing_keep_the_track(
    stub: Stub, people: Mapping[str, Person], jump_to_s: float | None
) -> None:
    clip = replace(standing(people["obama"]), frames=10)
    requests = frames_of(clip, 5.0) + frames_of(clip, jump_to_s, first=10)
    assert {tuple(track for track, _ in faces) for faces in await follow(stub, requests)} == {(1,)}


async def test_a_change_of_resolution_keeps_the_track(
    stub: Stub, people: Mapping[str, Person]
) -> None:
    clip = standing(people["astronaut"], scale=lambda number: (1.0, 0.6, 1.6)[number // 10])
    seen = await follow(stub, frames_of(clip))
    assert [[track for track, _ in faces] for faces in seen] == [[1]] * 30
    assert seen[15][0][1] == pytest.approx(0.6 * 300, abs=12)
    assert seen[25][0][1] == pytest.approx(1.6 * 300, abs=30)


async def test_a_cut_to_somebody_else_starts_another_track(
    stub: Stub, people: Mapping[str, Person]
) -> None:
    first, second = standing(people["obama"]), standing(people["biden"])
    seen = await follow(stub, frames_of(first) + frames_of(second, 1.0, first=30))
    tracks = [[track for track, _ in faces] for faces in seen]
    assert tracks[:30] == [[1]] * 30
    assert tracks[40:] == [[2]] * 20
