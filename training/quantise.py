"""Weights on an 8-bit grid: a quarter of the file's size, the same float32 arithmetic.

Each output channel of a kernel has its own scale, so that a weight is a whole number from -127 to
127 times that scale (symmetric weight-only quantisation, e.g. Nagel et al. 2021, "A White Paper on
Neural Network Quantization", section 2.2). The graph stores the whole numbers and multiplies them
out; a runtime that folds constants does so once, at loading.
"""

from __future__ import annotations

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from maskmesh.services.runtime.errors import SetupError

LEVELS = 127
# Smaller kernels gain nothing in size and stay as they are.
MIN_WEIGHTS = 4096
_OUTPUT_AXIS = {"Conv": 0, "MatMul": 1}
_GRID_TOLERANCE = 1e-3


def snap_kernels(model: keras.Model) -> int:
    """Round the larger kernels of a Keras model to the grid, in place.

    Returns:
        How many kernels were rounded.
    """
    snapped = 0
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is None or int(np.prod(kernel.shape)) < MIN_WEIGHTS:
            continue
        weights = np.asarray(keras.ops.convert_to_numpy(kernel), np.float32)
        whole, scale = to_grid(weights, axis=weights.ndim - 1)
        kernel.assign(whole.astype(np.float32) * scale)
        snapped += 1
    return snapped


def to_grid(
    weights: NDArray[np.float32], axis: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return whole numbers, int8 in the shape of `weights`, and float32 scales that broadcast.

    The largest weight of a channel along `axis` becomes ±127.
    """
    others = tuple(k for k in range(weights.ndim) if k != axis)
    largest = np.abs(weights).max(axis=others, keepdims=True)
    scale = (np.where(largest > 0, largest, 1.0) / LEVELS).astype(np.float32)
    return np.rint(weights / scale).astype(np.int8), scale


def store_as_int8(model: onnx.ModelProto) -> int:
    """Replace the larger weights of a graph by int8 numbers and scales, in place.

    The weights must lie on the grid already, as `snap_kernels` leaves them. Folding of batch
    normalisation into a convolution only changes the scales.

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
    large = [
        tensor
        for tensor in graph.initializer
        if tensor.name in axes and np.prod(tensor.dims) >= MIN_WEIGHTS
    ]
    for tensor in large:
        _replace(graph, tensor, axes[tensor.name])
    return len(large)


def _replace(graph: onnx.GraphProto, tensor: onnx.TensorProto, axis: int) -> None:
    weights = np.asarray(numpy_helper.to_array(tensor), np.float32)
    whole, scale = to_grid(weights, axis)
    off_grid = float(np.abs(weights / scale - whole).max())
    if off_grid > _GRID_TOLERANCE:
        raise SetupError(
            f"weights {tensor.name} are off the 8-bit grid by {off_grid:.3g} steps: this version "
            "of tf2onnx rearranges them; export with float weights or another version"
        )
    name = tensor.name
    graph.initializer.remove(tensor)
    graph.initializer.extend(
        [
            numpy_helper.from_array(whole, f"{name}/int8"),
            numpy_helper.from_array(scale, f"{name}/scale"),
        ]
    )
    cast = helper.make_node("Cast", [f"{name}/int8"], [f"{name}/whole"], to=onnx.TensorProto.FLOAT)
    multiply = helper.make_node("Mul", [f"{name}/whole", f"{name}/scale"], [name])
    graph.node.insert(0, multiply)
    graph.node.insert(0, cast)
