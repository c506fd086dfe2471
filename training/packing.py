"""Whole numbers of six or seven bits, packed into bytes, and the graph that unpacks them.

A byte that holds a number of seven bits has one bit to spare: seven bytes hold eight numbers. With
six bits it has two, and three bytes hold four.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper


def can_pack(count: int, bits: int) -> bool:
    """Tell whether so many numbers fill their bytes without a rest."""
    return bits in (6, 7) and count % (_rows(bits) + 1) == 0


def pack(whole: NDArray[np.int8], bits: int) -> NDArray[np.uint8]:
    """Pack whole numbers.

    Args:
        whole: From -2^(bits-1) to 2^(bits-1) - 1, of any shape that `can_pack`.
        bits: 6 or 7.

    Returns:
        uint8 [rows, columns]: each number but those of the last row lies in the low bits of a byte,
        and the last row's are spread over the high bits of the bytes above them.
    """
    rows, spare = _rows(bits), 8 - bits
    numbers = (whole.astype(np.int16) + 2 ** (bits - 1)).astype(np.uint8).reshape(rows + 1, -1)
    shifts = (spare * np.arange(rows, dtype=np.uint8))[:, None]
    pieces = (numbers[-1] >> shifts) & np.uint8(2**spare - 1)
    return np.asarray(numbers[:-1] | (pieces << np.uint8(bits)), np.uint8)


def unpacking(
    name: str,
    packed: NDArray[np.uint8],
    bits: int,
    shape: tuple[int, ...],
    output: str,
    *,
    kind: int = onnx.TensorProto.FLOAT,
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Return the nodes and constants that make a tensor of whole numbers of packed ones.

    A runtime that folds constants computes them once, at loading.

    Args:
        name: Begins the names of all that is made.
        packed: As `pack` made them.
        bits: 6 or 7.
        shape: Of the numbers.
        output: Name of the tensor.
        kind: Its type, FLOAT or INT8.
    """
    rows, spare = _rows(bits), 8 - bits
    values = {
        "packed": packed,
        "low_bits": np.array(2**bits - 1, np.uint8),
        "bits": np.array(bits, np.uint8),
        "weights": (2.0 ** (spare * np.arange(rows))).astype(np.float32)[:, None],
        "first_axis": np.array([0], np.int64),
        "shape": np.array(shape, np.int64),
        "offset": np.array(2 ** (bits - 1), np.float32),
    }

    def node(operation: str, inputs: list[str], made: str, **attributes: object) -> onnx.NodeProto:
        return helper.make_node(
            operation, [f"{name}/{word}" for word in inputs], [made], **attributes
        )

    to_float = {"to": onnx.TensorProto.FLOAT}
    nodes = [
        node("BitwiseAnd", ["packed", "low_bits"], f"{name}/low"),
        node("Cast", ["low"], f"{name}/kept", **to_float),
        node("BitShift", ["packed", "bits"], f"{name}/high", direction="RIGHT"),
        node("Cast", ["high"], f"{name}/pieces", **to_float),
        node("Mul", ["pieces", "weights"], f"{name}/weighted"),
        node("ReduceSum", ["weighted", "first_axis"], f"{name}/spread", keepdims=1),
        node("Concat", ["kept", "spread"], f"{name}/rows", axis=0),
        node("Reshape", ["rows", "shape"], f"{name}/shaped"),
        node("Sub", ["shaped", "offset"], f"{name}/signed"),
        node("Cast", ["signed"], output, to=kind),
    ]
    constants = [numpy_helper.from_array(value, f"{name}/{key}") for key, value in values.items()]
    return nodes, constants


def _rows(bits: int) -> int:
    return bits // (8 - bits)
