"""Malformed requests: each is told what is wrong, by a proper status, and harms no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import grpc
import grpc.aio
import pytest

from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.inference import open_inference_pb2_grpc
from maskmesh.services.classification.servicer import build
from maskmesh.services.classification.settings import ClassificationSettings

Stub = open_inference_pb2_grpc.GRPCInferenceServiceStub
Change = Callable[[pb.ModelInferRequest], object]

PROPER = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}


@pytest.fixture
async def channel(host, brightness_repository: Path) -> grpc.aio.Channel:
    settings = ClassificationSettings(port=0, repository=brightness_repository, max_faces=8)
    _, channel = await host(build(settings), settings)
    return channel


@pytest.fixture
async def stub(channel: grpc.aio.Channel) -> Stub:
    return Stub(channel)


def by_raw() -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(model_name="expression")
    request.inputs.add(name="faces", datatype="UINT8", shape=[2, 48, 48, 1])
    request.raw_input_contents.append(bytes(2 * 48 * 48))
    return request


def by_contents() -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(model_name="expression")
    tensor = request.inputs.add(name="faces", datatype="UINT8", shape=[1, 48, 48, 1])
    tensor.contents.uint_contents.extend([7] * 48 * 48)
    return request


def by_picture() -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(model_name="expression")
    tensor = request.inputs.add(name="image", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(b"no picture")
    return request


def assigned(**fields: object) -> Change:
    """Set fields of the first input."""

    def change(request: pb.ModelInferRequest) -> None:
        for name, value in fields.items():
            if isinstance(value, list):
                request.inputs[0].ClearField(name)
                getattr(request.inputs[0], name).extend(value)
            else:
                setattr(request.inputs[0], name, value)

    return change


def parameter(name: str, **value: object) -> Change:
    def change(request: pb.ModelInferRequest) -> None:
        request.parameters[name].CopyFrom(pb.InferParameter(**value))  # type: ignore[arg-type]

    return change


def output(name: str, **parameters: int) -> Change:
    def change(request: pb.ModelInferRequest) -> None:
        added = request.outputs.add(name=name)
        for key, value in parameters.items():
            added.parameters[key].int64_param = value

    return change


def together(*changes: Change) -> Change:
    return lambda request: [change(request) for change in changes]


INVALID = [
    (by_raw, lambda r: r.inputs.clear(), "the inputs are none: send one"),
    (by_raw, lambda r: r.inputs.add(name="image"), "'faces', 'image': send one"),
    (by_raw, assigned(name="pixels"), "the inputs are 'pixels'"),
    (by_raw, assigned(datatype="FP32"), "is of type 'FP32': send UINT8"),
    (by_raw, assigned(shape=[2, 1, 48, 48]), r"send \[N, 48, 48, 1\]"),
    (by_raw, assigned(shape=[-2, 48, 48, 1]), "N at least 1"),
    (by_raw, assigned(shape=[0, 48, 48, 1]), "N at least 1"),
    (by_raw, assigned(shape=[]), r"is of shape \[\]"),
    (by_raw, assigned(shape=[1, 48, 48, 1]), "4,608 bytes of raw contents, its shape"),
    (by_raw, assigned(shape=[9, 48, 48, 1]), "9 faces in one call, the limit is 8"),
    (by_raw, assigned(shape=[2**62, 48, 48, 1]), "the limit is 8"),
    (by_raw, lambda r: r.raw_input_contents.append(b""), "2 raw contents for one input"),
    (by_raw, lambda r: r.inputs[0].contents.uint_contents.append(1), "send one of them"),
    (by_raw, lambda r: r.raw_input_contents.clear(), "has no contents: send UINT8 in uint_"),
    (by_raw, lambda r: r.inputs[0].parameters["shared_memory_region"], "in shared memory"),
    (by_contents, lambda r: r.inputs[0].contents.uint_contents.pop(), "2,303 elements in uint_"),
    (by_contents, lambda r: r.inputs[0].contents.uint_contents.insert(0, 1), "2,305 elements"),
    (
        by_contents,
        lambda r: r.inputs[0].contents.uint_contents.__setitem__(0, 256),
        "the value 256: send 0 to 255",
    ),
    (
        by_contents,
        lambda r: r.inputs[0].contents.int_contents.append(1),
        "int_contents, uint_contents: send UINT8 in uint_contents",
    ),
    (by_picture, lambda r: None, "element 0 of input 'image': these 10 bytes are not a picture"),
    (by_picture, assigned(shape=[2]), "has 1 elements, its shape"),
    (by_picture, assigned(shape=[1, 2]), r"send \[N\] or \[N, 1\]"),
    (by_picture, assigned(datatype="UINT8"), "send BYTES"),
    (by_picture, lambda r: r.raw_input_contents.append(b"\0"), "send one of them"),
    (
        by_raw,
        together(assigned(name="image", datatype="BYTES", shape=[1])),
        "are not 1 elements of BYTES",
    ),
    (by_raw, parameter("sequence_id", int64_param=3), "send no sequence_id"),
    (by_raw, parameter("canary", string_param="yes"), "is no bool_param"),
    (by_raw, parameter("timeout", string_param="soon"), "no whole number of microseconds"),
    (by_raw, parameter("timeout"), "no whole number of microseconds"),
    (by_raw, parameter("timeout", int64_param=-1), "no whole number of microseconds"),
    (by_raw, together(output("mask"), output("mask")), "repeat: ask for each once"),
    (by_raw, output("mask", classification=2), "of 'probabilities'"),
    (by_raw, output("probabilities", classification=0), "ask for at least one"),
    (by_raw, output("probabilities", shared_memory_region=0), "take it from the answer"),
]
MISSING = [
    (lambda r: setattr(r, "model_name", "age"), "no model 'age' here: .* 'expression'"),
    (lambda r: setattr(r, "model_version", "7"), "version '7' .* is not served; served: 3"),
    (output("logits"), "no output 'logits': ask for probabilities, mask, label"),
]


@pytest.mark.parametrize(("make", "change", "says"), INVALID)
async def test_what_does_not_fit_is_told(
    stub: Stub, make: Callable[[], pb.ModelInferRequest], change: Change, says: str
) -> None:
    request = make()
    change(request)
    with pytest.raises(grpc.aio.AioRpcError, match=says) as caught:
        await stub.ModelInfer(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(("change", "says"), MISSING)
async def test_what_is_not_there_is_told(stub: Stub, change: Change, says: str) -> None:
    request = by_raw()
    change(request)
    with pytest.raises(grpc.aio.AioRpcError, match=says) as caught:
        await stub.ModelInfer(request)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("no json", "is no ModelConfig as JSON"),
        ("[" * 5000, "is no ModelConfig as JSON"),
        ('{"version_policy": {"all": {}}}', "asks for several versions"),
        ('{"version_policy": {"latest": {"num_versions": 2}}}', "asks for several versions"),
        ('{"version_policy": {"specific": {"versions": [1, 2]}}}', "asks for several versions"),
        ('{"version_policy": {"specific": {"versions": [99]}}}', "has no version '99'"),
        ('{"parameters": {"canary_percent": {"string_value": "some"}}}', "send 0 to 100"),
        ('{"parameters": {"canary_percent": {"string_value": "101"}}}', "give 0 to 100"),
        ('{"parameters": {"canary_percent": {"string_value": "5"}}}', "its own canary"),
    ],
)
async def test_commands_that_cannot_be_followed_are_told(
    stub: Stub, config: str, says: str
) -> None:
    request = pb.RepositoryModelLoadRequest(model_name="expression")
    request.parameters["config"].string_param = config
    with pytest.raises(grpc.aio.AioRpcError, match=says) as caught:
        await stub.RepositoryModelLoad(request)
    assert caught.value.code() in PROPER
    request = pb.RepositoryModelLoadRequest(model_name="expression")
    request.parameters["file:1/model.onnx"].bytes_param = b"model"
    with pytest.raises(grpc.aio.AioRpcError, match=r"file:1/model\.onnx are not known"):
        await stub.RepositoryModelLoad(request)
