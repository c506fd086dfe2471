"""The mask synthesis service over a real server, on real faces."""

from __future__ import annotations

from pathlib import Path

import grpc
import grpc.aio
import numpy as np
import pytest

from maskmesh.services.mask_synthesis.servicer import build
from maskmesh.services.mask_synthesis.settings import SynthesisSettings
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.images import from_array, to_array
from maskmesh.services.runtime.pictures import read_picture
from maskmesh.v1 import common_pb2, synthesis_pb2_grpc
from maskmesh.v1 import synthesis_pb2 as pb

Stub = synthesis_pb2_grpc.MaskSynthesisServiceStub
BOX = common_pb2.Box(x=168, y=60, width=115, height=115)


@pytest.fixture
async def stub(host) -> Stub:
    settings = SynthesisSettings(port=0)
    _, channel = await host(build(settings), settings)
    return Stub(channel)


@pytest.fixture(scope="module")
def astronaut(faces: Path) -> np.ndarray:
    return read_picture(faces / "astronaut.jpg")


async def test_the_service_answers_as_the_algorithm(stub: Stub, astronaut: np.ndarray) -> None:
    request = pb.ApplyRequest(
        image=from_array(astronaut, "png"), face_box=BOX, style="cloth", colour="black", seed=5
    )
    answer = await stub.Apply(request)
    box = (BOX.x, BOX.y, BOX.width, BOX.height)
    wanted = MaskSynthesizer().apply(astronaut, style="cloth", colour="black", seed=5, box=box)
    np.testing.assert_array_equal(to_array(answer.image, "keep"), wanted.image)
    landmarks = np.array([(point.x, point.y) for point in answer.landmarks])
    np.testing.assert_allclose(landmarks, wanted.landmarks, atol=1e-3)
    assert len(answer.quad) == 4
    assert answer.confidence == pytest.approx(wanted.confidence)
    assert (answer.style, answer.colour) == (wanted.style, wanted.colour)
    assert (answer.pattern, answer.position) == (wanted.pattern, wanted.position)
    assert (await stub.Apply(request)) == answer


@pytest.mark.parametrize("gray", [True, False], ids=["gray", "colour"])
@pytest.mark.parametrize("encoding", ["raw", "png"])
async def test_the_answer_has_the_form_of_the_request(
    stub: Stub, astronaut: np.ndarray, encoding: str, gray: bool
) -> None:
    picture = np.ascontiguousarray(astronaut[..., 1]) if gray else astronaut
    image = from_array(picture, encoding)  # type: ignore[arg-type]
    answer = await stub.Apply(pb.ApplyRequest(image=image, face_box=BOX, seed=1))
    assert answer.image.WhichOneof("content") == ("raw" if encoding == "raw" else "encoded")
    assert to_array(answer.image, "keep").shape == picture.shape


async def test_styles_and_colours_are_listed(stub: Stub) -> None:
    masks = await stub.ListMasks(pb.ListMasksRequest())
    assert {"surgical", "cloth"} <= set(masks.styles)
    assert {"white", "black"} <= set(masks.colours)
    assert "plain" in masks.patterns
    assert "proper" in masks.positions


@pytest.mark.parametrize(
    "change",
    [
        {"style": "balaclava"},
        {"colour": "ultraviolet"},
        {"face_box": common_pb2.Box(x=500, y=0, width=100, height=100)},
        {"face_box": common_pb2.Box(x=0, y=0, width=0, height=0)},
    ],
)
async def test_bad_wishes_say_why(stub: Stub, astronaut: np.ndarray, change: dict) -> None:
    wish = {"image": from_array(astronaut), "face_box": BOX, **change}
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Apply(pb.ApplyRequest(**wish))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details()


async def test_a_stream_goes_on_over_refused_pictures(
    stub: Stub, astronaut: np.ndarray, refused_pictures: dict[str, bytes]
) -> None:
    good = from_array(astronaut)
    images = [good, *(common_pb2.Image(encoded=data) for data in refused_pictures.values()), good]

    async def requests():
        for number, image in enumerate(images):
            apply = pb.ApplyRequest(image=image, face_box=BOX, seed=2)
            yield pb.ApplyStreamRequest(request_id=number, apply=apply)

    answers = [answer async for answer in stub.ApplyStream(requests())]
    assert [answer.request_id for answer in answers] == list(range(len(images)))
    assert {answer.problem.code for answer in answers[1:-1]} == {3}
    assert answers[0].applied.image == answers[-1].applied.image
