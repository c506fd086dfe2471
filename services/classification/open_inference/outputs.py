"""From what was classified to the tensors that a request asks for."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.services.classification.classifier import Classified
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.expressions import EXPRESSIONS

PROBABILITIES = "probabilities"
MASK = "mask"
LABEL = "label"

_OUTPUTS = (PROBABILITIES, MASK, LABEL)
_LABELS = np.array([name.encode() for name in EXPRESSIONS], object)


@dataclass(frozen=True, slots=True)
class WantedOutput:
    """An output that is asked for.

    Attributes:
        name: Its name.
        classes: How many of the most probable labels are wanted instead of numbers; 0: numbers.
    """

    name: str
    classes: int = 0


_GIVEN_UNASKED = (WantedOutput(PROBABILITIES), WantedOutput(MASK))


def wanted_outputs(request: pb.ModelInferRequest) -> tuple[WantedOutput, ...]:
    """Read which outputs a request asks for; none: the probabilities and the mask.

    Raises:
        NotFoundError: There is no such output.
        InvalidInputError: One is asked for twice, or in a way that there is not.
    """
    if not request.outputs:
        return _GIVEN_UNASKED
    wanted = tuple(_wanted(output) for output in request.outputs[: len(_OUTPUTS) + 1])
    names = [output.name for output in wanted]
    if len(set(names)) < len(names):
        raise InvalidInputError(f"the outputs {', '.join(names)} repeat: ask for each once")
    return wanted


def fill_outputs(
    response: pb.ModelInferResponse,
    wanted: tuple[WantedOutput, ...],
    result: Classified,
    raw: bool,
) -> None:
    """Put the outputs into a response.

    Args:
        response: The response.
        wanted: What was asked for.
        result: What was classified.
        raw: Whether the elements go into raw_output_contents; else one by one into each tensor.
    """
    for output in wanted:
        if output.name == LABEL:
            best = result.probabilities.argmax(axis=1)
            _put_bytes(response, output.name, _LABELS[best], raw)
        elif output.classes:
            _put_bytes(response, output.name, _most_probable(result, output.classes), raw)
        else:
            numbers = result.probabilities if output.name == PROBABILITIES else result.mask
            _put_numbers(response, output.name, numbers, raw)


def _wanted(output: pb.ModelInferRequest.InferRequestedOutputTensor) -> WantedOutput:
    if output.name not in _OUTPUTS:
        raise NotFoundError(
            f"there is no output {output.name[:64]!r}: ask for {', '.join(_OUTPUTS)}"
        )
    if "shared_memory_region" in output.parameters:
        raise InvalidInputError(
            f"output {output.name!r} is wanted in shared memory, which this service does not "
            "write: take it from the answer"
        )
    if "classification" not in output.parameters:
        return WantedOutput(output.name)
    classes = output.parameters["classification"].int64_param
    if output.name != PROBABILITIES or classes < 1:
        raise InvalidInputError(
            f"{classes} classes of output {output.name!r} are wanted: ask for at least one, as a "
            f"whole number, of {PROBABILITIES!r}"
        )
    return WantedOutput(output.name, min(classes, len(EXPRESSIONS)))


def _most_probable(result: Classified, count: int) -> NDArray[np.object_]:
    """Return N × count texts "probability:index:label", the most probable first."""
    order = np.argsort(-result.probabilities, axis=1, kind="stable")[:, :count]
    texts = np.empty(order.shape, object)
    for row, columns in enumerate(order):
        for place, column in enumerate(columns):
            value = result.probabilities[row, column]
            texts[row, place] = f"{value:f}:{column}:{EXPRESSIONS[column]}".encode()
    return texts


def _put_numbers(
    response: pb.ModelInferResponse, name: str, numbers: NDArray[np.float32], raw: bool
) -> None:
    tensor = response.outputs.add(name=name, datatype="FP32", shape=numbers.shape)
    if raw:
        response.raw_output_contents.append(numbers.astype("<f4", copy=False).tobytes())
    else:
        tensor.contents.fp32_contents.extend(numbers.ravel().tolist())


def _put_bytes(
    response: pb.ModelInferResponse, name: str, texts: NDArray[np.object_], raw: bool
) -> None:
    tensor = response.outputs.add(name=name, datatype="BYTES", shape=texts.shape)
    elements: list[bytes] = texts.ravel().tolist()
    if raw:
        joined = b"".join(struct.pack("<I", len(each)) + each for each in elements)
        response.raw_output_contents.append(joined)
    else:
        tensor.contents.bytes_contents.extend(elements)
