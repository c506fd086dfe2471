from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from maskmesh.bench.graph_cost import GraphCost, graph_cost
from maskmesh.services.runtime.errors import InvalidInputError


def tensor(name: str, *shape: int, kind: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ones(shape, kind), name)


def graph(*nodes: onnx.NodeProto, weights: list[onnx.TensorProto], output: int) -> onnx.ModelProto:
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("faces", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["N", output])],
        weights,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def cost(model: onnx.ModelProto, folder: Path) -> GraphCost:
    onnx.save(model, folder / "model.onnx")
    return graph_cost(folder / "model.onnx")


def test_macs_of_convolutions_and_products(tmp_path: Path) -> None:
    model = graph(
        helper.make_node("Conv", ["faces", "k"], ["maps"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["maps"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "m"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "g"], ["answer"], transB=1),
        weights=[tensor("k", 6, 3, 3, 3), tensor("m", 6, 5), tensor("g", 2, 5)],
        output=2,
    )
    size = len(model.SerializeToString())
    convolution = 6 * 4 * 4 * (3 * 3 * 3)
    assert cost(model, tmp_path) == GraphCost(size, 162 + 30 + 10, convolution + 6 * 5 + 5 * 2)


def test_a_face_that_is_looked_at_twice_costs_twice(tmp_path: Path) -> None:
    def model(first: list[onnx.NodeProto], maps: str) -> onnx.ModelProto:
        return graph(
            *first,
            helper.make_node("Conv", [maps, "k"], ["answers"]),
            helper.make_node("Flatten", ["answers"], ["answer"]),
            weights=[tensor("k", 2, 3, 8, 8)],
            output=2,
        )

    once = cost(model([], "faces"), tmp_path)
    repeat = helper.make_node("Concat", ["faces", "faces"], ["both"], axis=0)
    twice = cost(model([repeat], "both"), tmp_path)
    assert twice.weights == once.weights == 2 * 3 * 64
    assert twice.macs == 2 * once.macs == 2 * 2 * 3 * 64


def test_weights_in_a_byte_each_are_counted_as_the_kernels_they_become(tmp_path: Path) -> None:
    model = graph(
        helper.make_node("Cast", ["k8"], ["whole"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["whole", "scale"], ["k"]),
        helper.make_node("Conv", ["faces", "k"], ["answers"]),
        helper.make_node("Flatten", ["answers"], ["answer"]),
        weights=[tensor("k8", 2, 3, 8, 8, kind=np.int8), tensor("scale", 2, 1, 1, 1)],
        output=2,
    )
    found = cost(model, tmp_path)
    assert (found.macs, found.weights) == (2 * 3 * 64, 2 * 3 * 64)


def test_shapes_that_cannot_be_told_are_an_error(tmp_path: Path) -> None:
    model = graph(
        helper.make_node("NonZero", ["faces"], ["where"]),
        helper.make_node("Cast", ["where"], ["rows"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["m", "rows"], ["product"]),
        helper.make_node("ReduceMax", ["product"], ["answer"]),
        weights=[tensor("m", 2, 4)],
        output=2,
    )
    with pytest.raises(InvalidInputError, match="the shape of product cannot be told"):
        cost(model, tmp_path)
