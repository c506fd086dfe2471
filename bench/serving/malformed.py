"""Requests that are wrong in all ways: bytes, messages, tensors and pictures; by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from maskmesh.bench.serving.messages import CLASSIFY, INFER, MODEL, SIDE
from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.v1 import classification_pb2, common_pb2

_TYPES = ("UINT8", "BYTES", "FP32", "INT64", "", "uint8", "U" * 5000)
_NAMES = ("faces", "image", "", "probabilities", "\u0000", "n" * 5000)
_NUMBERS = (-(2**63), -1, 0, 1, 2, 47, SIDE, 2**31, 2**40, 2**63 - 1)
# Beginnings of pictures of all kinds, of which the rest does not come or is another.
_BEGINNINGS = (
    b"",
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x00\x00\x00\x00",
    b"GIF89a\xff\xff\xff\xff\xf7\x00\x00",
    b"BM\xff\xff\xff\x7f\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00",
    b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    b"II*\x00\xff\xff\xff\x7f",
)


@dataclass(frozen=True, slots=True)
class Malformed:
    """One request.

    Attributes:
        kind: What was done to it.
        method: Where it goes.
        message: Its bytes.
    """

    kind: str
    method: str
    message: bytes


def by_raw() -> pb.ModelInferRequest:
    """Return a proper request for two faces, raw."""
    request = pb.ModelInferRequest(model_name=MODEL)
    request.inputs.add(name="faces", datatype="UINT8", shape=[2, SIDE, SIDE, 1])
    request.raw_input_contents.append(bytes(2 * SIDE * SIDE))
    return request


def by_contents() -> pb.ModelInferRequest:
    """Return a proper request for a face, typed."""
    request = pb.ModelInferRequest(model_name=MODEL)
    tensor = request.inputs.add(name="faces", datatype="UINT8", shape=[1, SIDE, SIDE, 1])
    tensor.contents.uint_contents.extend([7] * SIDE * SIDE)
    return request


def by_picture(picture: bytes = b"no picture") -> pb.ModelInferRequest:
    """Return a request for a picture."""
    request = pb.ModelInferRequest(model_name=MODEL)
    tensor = request.inputs.add(name="image", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(picture)
    return request


def mutated(chance: random.Random) -> bytes:
    """Return the bytes of a request, changed in one or a few places."""
    return _changed(chance.choice((by_raw, by_contents, by_picture))().SerializeToString(), chance)


def _changed(whole: bytes, chance: random.Random) -> bytes:
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        if len(data) < 2:
            break
        # Beginnings and ends hold names, shapes and lengths; what lies between are pixels.
        place = chance.choice((chance.randrange(60), chance.randrange(len(data)), -1))
        match chance.randrange(4):
            case 0:
                data[min(place, len(data) - 1)] = chance.randrange(256)
            case 1:
                del data[min(place, len(data) - 1)]
            case 2:
                data.insert(place, chance.randrange(256))
            case _:
                del data[chance.randrange(len(data) // 2, len(data)) :]
    return bytes(data)


def _tensor(chance: random.Random) -> bytes:
    """Return a message that can be read, whose names, types, shapes and lengths do not agree."""
    request = pb.ModelInferRequest(model_name=chance.choice((MODEL, MODEL, "age")))
    for _ in range(chance.choice((1, 1, 1, 0, 2))):
        dimensions = chance.choice((0, 1, 2, 4, 4, 4, 9))
        tensor = request.inputs.add(
            name=chance.choice(_NAMES),
            datatype=chance.choice(_TYPES),
            shape=[chance.choice(_NUMBERS) for _ in range(dimensions)],
        )
        if chance.random() < 0.3:
            tensor.contents.uint_contents.extend([chance.randrange(2**32)] * chance.randrange(9))
        if chance.random() < 0.2:
            tensor.contents.fp32_contents.extend([float("nan")] * chance.randrange(9))
    for _ in range(chance.choice((0, 1, 1, 2))):
        request.raw_input_contents.append(chance.randbytes(chance.choice((0, 1, 4, SIDE * SIDE))))
    if chance.random() < 0.2:
        request.parameters["timeout"].int64_param = chance.choice(_NUMBERS)
    return request.SerializeToString()


def _picture(chance: random.Random) -> bytes:
    return chance.choice(_BEGINNINGS) + chance.randbytes(chance.choice((0, 10, 300)))


def _own_image(chance: random.Random) -> bytes:
    """Return a Classify request whose raw pixels do not fit the sizes given."""
    raw = common_pb2.RawImage(
        width=chance.choice((0, 1, SIDE, 2**31 - 1)),
        height=chance.choice((0, 1, SIDE, 2**31 - 1)),
        data=chance.randbytes(chance.choice((0, 1, SIDE * SIDE, SIDE * SIDE + 1))),
    )
    image = common_pb2.Image(raw=raw)
    if chance.random() < 0.5:
        image = common_pb2.Image(encoded=_picture(chance))
    request = classification_pb2.ClassifyRequest(faces=[image] * chance.choice((0, 1, 2, 65)))
    whole = request.SerializeToString()
    return _changed(whole, chance) if whole and chance.random() < 0.3 else whole


def _noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 7, 40, 4000)))


_KINDS: dict[str, tuple[str, Callable[[random.Random], bytes]]] = {
    "changed bytes": (INFER, mutated),
    "tensors": (INFER, _tensor),
    "pictures": (INFER, lambda chance: by_picture(_picture(chance)).SerializeToString()),
    "own contract": (CLASSIFY, _own_image),
    "noise": (INFER, _noise),
    "noise, own contract": (CLASSIFY, _noise),
}


def malformed(chance: random.Random) -> Malformed:
    """Return a request of any kind."""
    kind = chance.choice(tuple(_KINDS))
    method, make = _KINDS[kind]
    return Malformed(kind, method, make(chance))
