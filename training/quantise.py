"""Weights on a grid of few bits: a quarter of the file's size, the same float32 arithmetic.

Each output channel of a kernel has its own scale, so that a weight is a whole number times that
scale, from -127 to 127 with eight bits (symmetric weight-only quantisation, e.g. Nagel et al. 2021,
"A White Paper on Neural Network Quantization", section 2.2). The graph stores the whole numbers and
multiplies them out; a runtime that folds constants does so once, at loading.
"""

from __future__ import annotations

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from maskmesh.services.runtime.errors import SetupError
from maskmesh.training.packing import can_pack, pack, unpacking

# Smaller kernels gain nothing in size and stay as they are.
MIN_WEIGHTS = 2048
_OUTPUT_AXIS = {"Conv": 0, "MatMul": 1}
_GRID_TOLERANCE = 1e-3


def snap_kernels(model: keras.Model, bits: int = 8) -> int:
    """Round the larger kernels of a Keras model to the grid, in place.

    Args:
        model: In float32.
        bits: Of a weight, 6 to 8.

    Returns:
        How many kernels were rounded.
    """
    snapped = 0
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is None or int(np.prod(kernel.shape)) < MIN_WEIGHTS:
            continue
        weights = np.asarray(keras.ops.convert_to_numpy(kernel), np.float32)
        whole, scale = to_grid(weights, weights.ndim - 1, bits)
        kernel.assign(whole.astype(np.float32) * scale)
        snapped += 1
    return snapped


def to_grid(
    weights: NDArray[np.float32], axis: int, bits: int = 8
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return whole numbers, int8 in the shape of `weights`, and float32 scales that broadcast.

    The largest weight of a channel along `axis` becomes ±(2^(bits-1) - 1).
    """
    others = tuple(k for k in range(weights.ndim) if k != axis)
    largest = np.abs(weights).max(axis=others, keepdims=True)
    levels = 2 ** (bits - 1) - 1
    scale = (np.where(largest > 0, largest, 1.0) / levels).astype(np.float32)
    return np.rint(weights / scale).astype(np.int8), scale


def store_on_grid(model: onnx.ModelProto, bits: int = 8) -> int:
    """Replace the larger weights of a graph by whole numbers and scales, in place.

    The weights must lie on the grid already, as `snap_kernels` leaves them. Folding of batch
    normalisation into a convolution only changes the scales.

    Args:
        model: From a Keras model whose kernels were rounded to the same grid.
        bits: Of a weight, 6 to 8; fewer than 8 are packed, where they fill their bytes.

    Returns:
        How many weights were replaced.

    Raises:
        SetupError: A weight is not on the grid, so that storing it would change the model.
    """
    graph = model.graph
    axes = {
        node.input[1]: _OUTPUT_AXIS[node.op_type]
        for node in graph.node
        if node.op_type in _OUTPUT_AXIS
    }
    stored = 0
    for tensor in [t for t in graph.initializer if np.prod(t.dims) >= MIN_WEIGHTS]:
        if tensor.name in axes:
            _store_float(graph, tensor, axes[tensor.name], bits)
        elif tensor.data_type == onnx.TensorProto.INT8:
            _store_int8(graph, tensor, bits)
        else:
            continue
        stored += 1
    return stored


def _store_float(graph: onnx.GraphProto, tensor: onnx.TensorProto, axis: int, bits: int) -> None:
    weights = np.asarray(numpy_helper.to_array(tensor), np.float32)
    whole, scale = to_grid(weights, axis, bits)
    off_grid = float(np.abs(weights / scale - whole).max())
    if off_grid > _GRID_TOLERANCE:
        raise SetupError(
            f"weights {tensor.name} are off the {bits}-bit grid by {off_grid:.3g} steps: this "
            "version of tf2onnx rearranges them; export with another version"
        )
    name = tensor.name
    nodes, constants = _unpacked(name, whole, bits, f"{name}/whole", onnx.TensorProto.FLOAT)
    nodes.append(helper.make_node("Mul", [f"{name}/whole", f"{name}/scale"], [name]))
    constants.append(numpy_helper.from_array(scale, f"{name}/scale"))
    _put_in_place(graph, tensor, nodes, constants)


def _store_int8(graph: onnx.GraphProto, tensor: onnx.TensorProto, bits: int) -> None:
    whole = np.asarray(numpy_helper.to_array(tensor), np.int8)
    if not can_pack(whole.size, bits):
        return  # a byte each, as they are
    if int(np.abs(whole.astype(np.int16)).max()) >= 2 ** (bits - 1):
        raise SetupError(f"weights {tensor.name} need more than {bits} bits: export with --bits 8")
    name = tensor.name
    nodes, constants = _unpacked(name, whole, bits, name, onnx.TensorProto.INT8)
    _put_in_place(graph, tensor, nodes, constants)


def _unpacked(
    name: str, whole: NDArray[np.int8], bits: int, output: str, kind: int
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Return the nodes and constants that make a tensor of whole numbers."""
    if can_pack(whole.size, bits):
        return unpacking(name, pack(whole, bits), bits, whole.shape, output, kind=kind)
    cast = helper.make_node("Cast", [f"{name}/int8"], [output], to=kind)
    return [cast], [numpy_helper.from_array(whole, f"{name}/int8")]


def _put_in_place(
    graph: onnx.GraphProto,
    tensor: onnx.TensorProto,
    nodes: list[onnx.NodeProto],
    constants: list[onnx.TensorProto],
) -> None:
    graph.initializer.remove(tensor)
    graph.initializer.extend(constants)
    for node in reversed(nodes):
        graph.node.insert(0, node)
