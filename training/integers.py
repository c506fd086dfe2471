"""Convolutions on 8-bit integers: ONNX Runtime's static quantisation, on the kernels' own grid.

On processors with dot products of bytes (VNNI, and their like on ARM) they take about half the
time. With seven bits a weight, sums of two products fit into 16 bits, so that processors without
them give the same answers, if not faster.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from maskmesh.training.inference import BATCH
from maskmesh.training.quantise import MIN_WEIGHTS, to_grid

# ONNX Runtime puts the ends of a weight's range on ±127.
_RANGE = 127


def to_integers(model: onnx.ModelProto, faces: NDArray[np.uint8], bits: int = 8) -> onnx.ModelProto:
    """Return a graph whose larger convolutions multiply 8-bit integers.

    Each of their inputs and outputs gets the range that it takes on the faces. The weights lie on
    the grid already and are not changed; everything else stays float32.

    Args:
        model: From a Keras model whose kernels were rounded to the grid.
        faces: uint8 [N, 48, 48], such as the model will see; not those it is judged on.
        bits: Of a weight on the grid, 6 to 8.
    """
    with tempfile.TemporaryDirectory(prefix="maskmesh-") as folder:
        before, after = Path(folder) / "float.onnx", Path(folder) / "integers.onnx"
        prepared = onnx.ModelProto()
        prepared.CopyFrom(model)
        # tf2onnx has folded what ONNX Runtime's own preparation, which it would ask for, folds.
        add_pre_process_metadata(prepared)
        onnx.save(prepared, before)
        chosen = _wide_convolutions(model)
        quantize_static(
            before,
            after,
            _Batches(faces),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=[node.name for node, _ in chosen],
            extra_options={
                "TensorQuantOverrides": {
                    node.input[1]: _ranges_of_channels(weights, bits) for node, weights in chosen
                }
            },
        )
        return onnx.load(after)


def _wide_convolutions(
    model: onnx.ModelProto,
) -> list[tuple[onnx.NodeProto, NDArray[np.float32]]]:
    """Find where the time goes: large kernels that look beyond a pixel."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    found = []
    for node in model.graph.node:
        if node.op_type != "Conv" or node.input[1] not in tensors:
            continue
        weights = np.asarray(numpy_helper.to_array(tensors[node.input[1]]), np.float32)
        if weights.size >= MIN_WEIGHTS and max(weights.shape[2:]) > 1:
            found.append((node, weights))
    return found


def _ranges_of_channels(weights: NDArray[np.float32], bits: int) -> list[dict[str, Any]]:
    _, scale = to_grid(weights, 0, bits)
    channels: list[dict[str, Any]] = [
        {
            "quant_type": QuantType.QInt8,
            "symmetric": True,
            "rmin": -_RANGE * float(step),
            "rmax": _RANGE * float(step),
        }
        for step in scale.ravel()
    ]
    channels[0]["axis"] = 0
    return channels


class _Batches(CalibrationDataReader):
    def __init__(self, faces: NDArray[np.uint8]) -> None:
        self._batches: Iterator[NDArray[np.uint8]] = iter(
            faces[first : first + BATCH, ..., None] for first in range(0, len(faces), BATCH)
        )

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """Return the next batch; see ONNX Runtime's CalibrationDataReader."""
        batch = next(self._batches, None)
        return None if batch is None else {"faces": batch}
