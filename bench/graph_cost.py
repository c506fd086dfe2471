"""What an ONNX graph weighs and works: bytes, weights, and multiplications a face."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from maskmesh.services.runtime.errors import InvalidInputError

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GraphCost:
    """Cost of a graph.

    Attributes:
        size: Bytes of the file.
        weights: Numbers in the kernels of convolutions and matrix products, however stored.
        macs: Multiplications with addition that these take for one face.
    """

    size: int
    weights: int
    macs: int


def graph_cost(file: Path) -> GraphCost:
    """Read a graph and count.

    Raises:
        InvalidInputError: The shapes inside the graph cannot be told.
    """
    model = onnx.load(file)
    shapes = _shapes_of_one_face(model)
    weights = macs = 0
    for node in model.graph.node:
        if node.op_type not in ("Conv", "MatMul", "Gemm"):
            continue
        output, kernel = shapes.get(node.output[0]), shapes.get(node.input[1])
        if output is None or kernel is None:
            raise InvalidInputError(
                f"the shape of {node.output[0]} cannot be told: export the model with a fixed size"
            )
        weights += int(np.prod(kernel))
        macs += int(np.prod(output)) * _products_per_output(node, kernel)
    return GraphCost(file.stat().st_size, weights, macs)


def _products_per_output(node: onnx.NodeProto, kernel: Shape) -> int:
    if node.op_type == "Conv":
        return int(np.prod(kernel[1:]))
    transposed = any(entry.name == "transB" and entry.i for entry in node.attribute)
    return kernel[-1] if transposed else kernel[-2]


def _shapes_of_one_face(model: onnx.ModelProto) -> dict[str, Shape]:
    single = onnx.ModelProto()
    single.CopyFrom(model)
    del single.graph.value_info[:]
    for put in [*single.graph.input, *single.graph.output]:
        put.type.tensor_type.shape.dim[0].dim_value = 1
    graph = onnx.shape_inference.infer_shapes(single, data_prop=True).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.value_info, *graph.output]:
        sizes = value.type.tensor_type.shape.dim
        if all(size.HasField("dim_value") for size in sizes):
            shapes[value.name] = tuple(size.dim_value for size in sizes)
    return shapes
