"""The Open Inference Protocol over a real server, with a model whose answers are known."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import numpy as np
import pytest
from PIL import Image

from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.inference import open_inference_pb2_grpc
from maskmesh.services.classification.open_inference.inputs import split_bytes
from maskmesh.services.classification.servicer import build
from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.services.runtime.images import from_array
from maskmesh.v1 import classification_pb2, classification_pb2_grpc

Stub = open_inference_pb2_grpc.GRPCInferenceServiceStub


@pytest.fixture
def repository(brightness_repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(brightness_repository, tmp_path / "models"))


@pytest.fixture
async def channel(host, repository: Path) -> grpc.aio.Channel:
    settings = ClassificationSettings(port=0, repository=repository, max_faces=8, reload_s=0)
    _, channel = await host(build(settings), settings)
    return channel


@pytest.fixture
async def stub(channel: grpc.aio.Channel) -> Stub:
    return Stub(channel)


def flat(*expressions: int) -> np.ndarray:
    """Faces that the model calls the expressions with these indices."""
    faces = np.zeros((len(expressions), 48, 48, 1), np.uint8)
    faces += np.array([36 * k + 18 for k in expressions], np.uint8).reshape(-1, 1, 1, 1)
    return faces


def by_raw(faces: np.ndarray, **fields: object) -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(model_name="expression", **fields)  # type: ignore[arg-type]
    request.inputs.add(name="faces", datatype="UINT8", shape=faces.shape)
    request.raw_input_contents.append(faces.tobytes())
    return request


def by_contents(faces: np.ndarray) -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(model_name="expression")
    tensor = request.inputs.add(name="faces", datatype="UINT8", shape=faces.shape)
    tensor.contents.uint_contents.extend(faces.ravel().tolist())
    return request


def encoded(faces: np.ndarray, picture_format: str) -> list[bytes]:
    pictures = []
    for face in faces:
        buffer = io.BytesIO()
        Image.fromarray(face[..., 0]).save(buffer, picture_format)
        pictures.append(buffer.getvalue())
    return pictures


def by_pictures(pictures: list[bytes], raw: bool) -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(model_name="expression")
    tensor = request.inputs.add(name="image", datatype="BYTES", shape=[len(pictures)])
    if raw:
        joined = b"".join(len(each).to_bytes(4, "little") + each for each in pictures)
        request.raw_input_contents.append(joined)
    else:
        tensor.contents.bytes_contents.extend(pictures)
    return request


def numbers_of(response: pb.ModelInferResponse, name: str) -> np.ndarray:
    index = [output.name for output in response.outputs].index(name)
    output = response.outputs[index]
    assert output.datatype == "FP32"
    if response.raw_output_contents:
        found = np.frombuffer(response.raw_output_contents[index], "<f4")
    else:
        found = np.array(output.contents.fp32_contents, np.float32)
    return found.reshape(output.shape)


FACES = flat(6, 0, 3)


@pytest.mark.parametrize(
    "request_",
    [
        by_raw(FACES),
        by_contents(FACES),
        by_pictures(encoded(FACES, "PNG"), raw=True),
        by_pictures(encoded(FACES, "JPEG"), raw=False),
    ],
    ids=["raw faces", "typed faces", "raw pictures", "typed pictures"],
)
async def test_each_way_of_sending_gives_the_same_answer(
    stub: Stub, request_: pb.ModelInferRequest
) -> None:
    response = await stub.ModelInfer(request_)
    assert (response.model_name, response.model_version) == ("expression", "3")
    probabilities = numbers_of(response, "probabilities")
    assert probabilities.argmax(axis=1).tolist() == [6, 0, 3]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(
        numbers_of(response, "mask"), np.array([234, 18, 126]) / 255, atol=1e-5
    )
    # What came raw is answered raw, what came in fields in fields.
    assert bool(response.raw_output_contents) == bool(request_.raw_input_contents)
    assert len(response.outputs) == 2


async def test_outputs_are_chosen_and_may_be_labels(stub: Stub) -> None:
    request = by_raw(FACES, id="seven")
    request.outputs.add(name="label")
    request.outputs.add(name="probabilities").parameters["classification"].int64_param = 2
    response = await stub.ModelInfer(request)
    assert response.id == "seven"
    assert [(each.name, each.datatype, list(each.shape)) for each in response.outputs] == [
        ("label", "BYTES", [3]),
        ("probabilities", "BYTES", [3, 2]),
    ]
    labels, ranked = response.raw_output_contents
    assert split_bytes(labels, 3) == [b"surprise", b"angry", b"happy"]
    texts = [text.decode().split(":") for text in split_bytes(ranked, 6)]
    assert [text[1:] for text in texts[::2]] == [["6", "surprise"], ["0", "angry"], ["3", "happy"]]
    assert all(1 >= float(text[0]) > 0.5 for text in texts[::2])
    request.ClearField("raw_input_contents")
    request.inputs[0].contents.uint_contents.extend(FACES.ravel().tolist())
    response = await stub.ModelInfer(request)
    assert list(response.outputs[0].contents.bytes_contents) == [b"surprise", b"angry", b"happy"]
    first = response.outputs[1].contents.bytes_contents[0].decode().split(":")
    assert first[1:] == ["6", "surprise"]
    assert 0.5 < float(first[0]) <= 1


async def test_the_server_and_the_model_describe_themselves(stub: Stub) -> None:
    assert (await stub.ServerLive(pb.ServerLiveRequest())).live
    assert (await stub.ServerReady(pb.ServerReadyRequest())).ready
    server = await stub.ServerMetadata(pb.ServerMetadataRequest())
    assert server.name == "maskmesh"
    assert "model_repository" in server.extensions
    for name, version, ready in [
        ("expression", "", True),
        ("expression", "3", True),
        ("expression", "4", False),
        ("age", "", False),
    ]:
        answer = await stub.ModelReady(pb.ModelReadyRequest(name=name, version=version))
        assert answer.ready == ready
    metadata = await stub.ModelMetadata(pb.ModelMetadataRequest(name="expression"))
    assert list(metadata.versions) == ["3"]
    assert [(each.name, each.datatype, list(each.shape)) for each in metadata.inputs] == [
        ("faces", "UINT8", [-1, 48, 48, 1]),
    ]
    assert [(each.name, each.datatype, list(each.shape)) for each in metadata.outputs] == [
        ("probabilities", "FP32", [-1, len(EXPRESSIONS)]),
        ("mask", "FP32", [-1]),
        ("label", "BYTES", [-1]),
    ]
    config = (await stub.ModelConfig(pb.ModelConfigRequest(name="expression"))).config
    assert (config.max_batch_size, config.default_model_filename) == (8, "model.onnx")
    assert list(config.input[0].dims) == [48, 48, 1]
    assert "BYTES of shape [N] or [N, 1]" in config.parameters["instead_of_faces"].string_value


async def test_statistics_grow(stub: Stub) -> None:
    async def ask() -> pb.ModelStatistics:
        answer = await stub.ModelStatistics(pb.ModelStatisticsRequest(name="expression"))
        assert len(answer.model_stats) == 1
        return answer.model_stats[0]

    before = await ask()
    assert (before.version, before.inference_count) == ("3", 0)
    await stub.ModelInfer(by_raw(FACES))
    await stub.ModelInfer(by_raw(flat(1)))
    after = await ask()
    assert (after.inference_count, after.execution_count) == (4, 2)
    times = after.inference_stats
    assert times.success.count == times.queue.count == times.compute_infer.count == 2
    assert times.success.ns > times.compute_infer.ns > 0
    assert [batch.batch_size for batch in after.batch_stats] == [1, 3]


async def test_a_stream_answers_in_order_and_outlives_errors(stub: Stub) -> None:
    async def requests() -> AsyncIterator[pb.ModelInferRequest]:
        for number in range(9):
            request = by_raw(flat(number % 7), id=str(number))
            if number == 4:
                request.inputs[0].name = "pixels"
            yield request

    answers = [answer async for answer in stub.ModelStreamInfer(requests())]
    assert [answer.infer_response.id for answer in answers] == [str(each) for each in range(9)]
    for number, answer in enumerate(answers):
        if number == 4:
            assert "the inputs are 'pixels'" in answer.error_message
            assert not answer.infer_response.outputs
        else:
            assert not answer.error_message
            best = numbers_of(answer.infer_response, "probabilities").argmax()
            assert best == number % 7


async def states(stub: Stub) -> dict[str, str]:
    index = await stub.RepositoryIndex(pb.RepositoryIndexRequest())
    return {each.version: each.state for each in index.models}


def load_request(**config: object) -> pb.RepositoryModelLoadRequest:
    request = pb.RepositoryModelLoadRequest(model_name="expression")
    if config:
        request.parameters["config"].string_param = json.dumps(config)
    return request


def only(version: int) -> dict[str, object]:
    return {"specific": {"versions": [version]}}


async def test_versions_are_taken_up_on_command_and_broken_ones_are_not(
    stub: Stub, repository: Path
) -> None:
    model = repository / "expression"
    shutil.copytree(model / "3", model / "4")
    assert await states(stub) == {"3": "READY", "4": "UNAVAILABLE"}
    await stub.RepositoryModelLoad(load_request())
    assert (await stub.ModelInfer(by_raw(FACES))).model_version == "4"
    await stub.RepositoryModelLoad(load_request(version_policy=only(3)))
    assert (await stub.ModelInfer(by_raw(FACES))).model_version == "3"
    (model / "5").mkdir()
    (model / "5" / "model.onnx").write_bytes(b"half a model")
    with pytest.raises(grpc.aio.AioRpcError, match="version 5 is refused, 3 is kept") as caught:
        await stub.RepositoryModelLoad(load_request())
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert await states(stub) == {"3": "READY", "4": "UNAVAILABLE", "5": "UNAVAILABLE"}
    ready = await stub.RepositoryIndex(pb.RepositoryIndexRequest(ready=True))
    assert [each.version for each in ready.models] == ["3"]


async def test_an_unloaded_model_answers_nobody_until_it_is_loaded(
    stub: Stub, channel: grpc.aio.Channel
) -> None:
    await stub.RepositoryModelUnload(pb.RepositoryModelUnloadRequest(model_name="expression"))
    assert not (await stub.ServerReady(pb.ServerReadyRequest())).ready
    typed = classification_pb2_grpc.ExpressionClassificationServiceStub(channel)
    face = from_array(FACES[0, ..., 0])
    for call in (
        stub.ModelInfer(by_raw(FACES)),
        typed.Classify(classification_pb2.ClassifyRequest(faces=[face])),
    ):
        with pytest.raises(grpc.aio.AioRpcError, match="load it with") as caught:
            await call
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    await stub.RepositoryModelLoad(load_request())
    assert (await stub.ModelInfer(by_raw(FACES))).model_version == "3"


async def test_a_canary_is_put_beside_and_chosen_by_share_parameter_and_header(
    stub: Stub, channel: grpc.aio.Channel, repository: Path
) -> None:
    shutil.copytree(repository / "expression" / "3", repository / "expression" / "4")
    await stub.RepositoryModelLoad(
        load_request(version_policy=only(4), parameters={"canary_percent": {"string_value": "25"}})
    )
    assert await states(stub) == {"3": "READY", "4": "READY"}
    versions = [(await stub.ModelInfer(by_raw(flat(1)))).model_version for _ in range(8)]
    assert sorted(versions) == ["3"] * 6 + ["4"] * 2
    asked = by_raw(FACES)
    for wanted, version in ((True, "4"), (False, "3")):
        asked.parameters["canary"].bool_param = wanted
        assert (await stub.ModelInfer(asked)).model_version == version
    assert (await stub.ModelInfer(by_raw(FACES, model_version="4"))).model_version == "4"
    typed = classification_pb2_grpc.ExpressionClassificationServiceStub(channel)
    request = classification_pb2.ClassifyRequest(faces=[from_array(FACES[0, ..., 0])])
    for header, version in (("always", "4"), ("never", "3")):
        answer = await typed.Classify(request, metadata=(("maskmesh-canary", header),))
        assert answer.model_version == version
    with pytest.raises(grpc.aio.AioRpcError, match='send "always" or "never"'):
        await typed.Classify(request, metadata=(("maskmesh-canary", "sometimes"),))
    config = (await stub.ModelConfig(pb.ModelConfigRequest(name="expression"))).config
    assert config.parameters["canary_percent"].string_value == "25"
    assert list(config.version_policy.specific.versions) == [3, 4]


async def test_commands_are_refused_where_callers_may_give_none(host, repository: Path) -> None:
    settings = ClassificationSettings(port=0, repository=repository, model_control=False)
    _, channel = await host(build(settings), settings)
    with pytest.raises(grpc.aio.AioRpcError, match="start it with --model-control") as caught:
        await Stub(channel).RepositoryModelLoad(load_request())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_timeout_of_the_protocol_is_a_deadline(stub: Stub) -> None:
    request = by_raw(FACES)
    request.parameters["timeout"].int64_param = 1
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ModelInfer(request)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    request.parameters["timeout"].int64_param = 60_000_000
    assert (await stub.ModelInfer(request)).outputs


async def test_both_protocols_share_one_queue(stub: Stub, channel: grpc.aio.Channel) -> None:
    typed = classification_pb2_grpc.ExpressionClassificationServiceStub(channel)
    calls = []
    for number in range(40):
        faces = flat(number % 7)
        calls.append(stub.ModelInfer(by_raw(faces)))
        image = from_array(faces[0, ..., 0])
        calls.append(typed.Classify(classification_pb2.ClassifyRequest(faces=[image])))
    answers = await asyncio.gather(*calls)
    for number in range(40):
        best = numbers_of(answers[2 * number], "probabilities").argmax()
        assert best == answers[2 * number + 1].classifications[0].expression - 1 == number % 7
