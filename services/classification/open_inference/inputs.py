"""From the tensors of a request to faces; whatever does not fit is refused before anything runs."""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.services.classification.open_inference.reading import ListedFaces, Pictures
from maskmesh.services.classification.requests import check_count
from maskmesh.services.runtime.errors import InvalidInputError

FACES = "faces"
IMAGE = "image"

_LENGTH = struct.Struct("<I")
# The fields that the protocol gives to the types of elements that this service takes.
_FIELDS = {"UINT8": "uint_contents", "BYTES": "bytes_contents"}


def read_input(
    request: pb.ModelInferRequest, side: int, max_faces: int
) -> NDArray[np.uint8] | ListedFaces | Pictures:
    """Read the one input of a request: `faces` or `image`.

    Args:
        request: The request.
        side: Side of the model's input in pixels.
        max_faces: Most faces in one call.

    Returns:
        uint8 array N × side × side × 1, which shares memory with the request; or what is still to
        be read, of length N.

    Raises:
        InvalidInputError: Names, types, shapes or lengths are not those of the model.
        TooLargeError: There are more than `max_faces`.
    """
    tensor = _only_input(request)
    raw = request.raw_input_contents[0] if request.raw_input_contents else None
    if "shared_memory_region" in tensor.parameters:
        raise InvalidInputError(
            f"input {tensor.name!r} is in shared memory, which this service does not read: send "
            "its contents"
        )
    if raw is not None and tensor.HasField("contents"):
        raise InvalidInputError(
            f"input {tensor.name!r} has contents and raw contents: send one of them"
        )
    if tensor.name == FACES:
        return _read_faces(tensor, raw, side, max_faces)
    return _read_pictures(tensor, raw, max_faces)


def _only_input(request: pb.ModelInferRequest) -> pb.ModelInferRequest.InferInputTensor:
    names = [tensor.name for tensor in request.inputs]
    if len(names) != 1 or names[0] not in (FACES, IMAGE):
        # Clients do not take long texts of errors.
        shown = ", ".join(repr(name[:32]) for name in names[:4])
        raise InvalidInputError(
            f"the inputs are {shown or 'none'}: send one, either "
            f"{FACES!r} (UINT8) or {IMAGE!r} (BYTES)"
        )
    if len(request.raw_input_contents) > 1:
        raise InvalidInputError(
            f"there are {len(request.raw_input_contents)} raw contents for one input: send one"
        )
    return request.inputs[0]


def _read_faces(
    tensor: pb.ModelInferRequest.InferInputTensor, raw: bytes | None, side: int, max_faces: int
) -> NDArray[np.uint8] | ListedFaces:
    _check_type(tensor, "UINT8")
    shape = list(tensor.shape)
    if len(shape) != 4 or shape[1:] != [side, side, 1] or shape[0] < 1:
        raise _wrong_shape(tensor, f"[N, {side}, {side}, 1], N at least 1")
    check_count(shape[0], max_faces)
    if raw is not None:
        _check_length(tensor, len(raw), math.prod(shape), "bytes of raw contents")
        return np.frombuffer(raw, np.uint8).reshape(shape)
    _check_field(tensor)
    values = tensor.contents.uint_contents
    _check_length(tensor, len(values), math.prod(shape), "elements in uint_contents")
    return ListedFaces(values, tuple(shape))


def _read_pictures(
    tensor: pb.ModelInferRequest.InferInputTensor, raw: bytes | None, max_faces: int
) -> Pictures:
    _check_type(tensor, "BYTES")
    shape = list(tensor.shape)
    if len(shape) not in (1, 2) or shape[1:] not in ([], [1]) or shape[0] < 1:
        raise _wrong_shape(tensor, "[N] or [N, 1], N at least 1")
    check_count(shape[0], max_faces)
    if raw is None:
        _check_field(tensor)
        pictures = list(tensor.contents.bytes_contents)
    else:
        pictures = split_bytes(raw, shape[0])
    _check_length(tensor, len(pictures), shape[0], "elements")
    return Pictures(pictures)


def split_bytes(raw: bytes, count: int) -> list[bytes]:
    """Split raw contents of type BYTES: each element stands after its length, in four bytes.

    Raises:
        InvalidInputError: They are not `count` elements, no byte more or less.
    """
    elements: list[bytes] = []
    start = 0
    while start < len(raw) and len(elements) <= count:
        if start + _LENGTH.size > len(raw):
            break
        end = start + _LENGTH.size + _LENGTH.unpack_from(raw, start)[0]
        if end > len(raw):
            break
        elements.append(raw[start + _LENGTH.size : end])
        start = end
    if start != len(raw) or len(elements) != count:
        raise InvalidInputError(
            f"the raw contents of {len(raw)} bytes are not {count} elements of BYTES: send each "
            "with its length before it, in four bytes, little endian"
        )
    return elements


def _check_field(tensor: pb.ModelInferRequest.InferInputTensor) -> None:
    field = _FIELDS[tensor.datatype]
    found = [descriptor.name for descriptor, _ in tensor.contents.ListFields()]
    if found != [field]:
        raise InvalidInputError(
            f"input {tensor.name!r} has {', '.join(found) or 'no contents'}: send "
            f"{tensor.datatype} in {field}, or as raw_input_contents"
        )


def _check_type(tensor: pb.ModelInferRequest.InferInputTensor, datatype: str) -> None:
    if tensor.datatype != datatype:
        raise InvalidInputError(
            f"input {tensor.name!r} is of type {tensor.datatype[:32]!r}: send {datatype}"
        )


def _check_length(
    tensor: pb.ModelInferRequest.InferInputTensor, found: int, expected: int, what: str
) -> None:
    if found != expected:
        raise InvalidInputError(
            f"input {tensor.name!r} has {found:,} {what}, its shape {list(tensor.shape)} asks for "
            f"{expected:,}: send exactly as many"
        )


def _wrong_shape(tensor: pb.ModelInferRequest.InferInputTensor, expected: str) -> InvalidInputError:
    shape = list(tensor.shape[:8])
    return InvalidInputError(f"input {tensor.name!r} is of shape {shape}: send {expected}")
