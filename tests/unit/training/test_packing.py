from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from maskmesh.training.packing import can_pack, pack, unpacking


@pytest.mark.parametrize(("bits", "in_bytes"), [(7, 7), (6, 6)])
def test_all_numbers_come_back(bits: int, in_bytes: int) -> None:
    half = 2 ** (bits - 1)
    whole = np.random.default_rng(0).integers(-half, half, (3, 3, 4, 16)).astype(np.int8)
    whole.flat[:2] = -half, half - 1
    packed = pack(whole, bits)
    assert packed.dtype == np.uint8
    assert packed.size == whole.size * in_bytes // 8
    nodes, constants = unpacking("k", packed, bits, whole.shape, "numbers")
    output = helper.make_tensor_value_info("numbers", TensorProto.FLOAT, whole.shape)
    graph = helper.make_graph(nodes, "g", [], [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    (numbers,) = ReferenceEvaluator(model).run(None, {})
    np.testing.assert_array_equal(numbers, whole.astype(np.float32))


def test_only_whole_bytes_are_packed() -> None:
    assert can_pack(64, 7)
    assert can_pack(64, 6)
    assert not can_pack(68, 7)
    assert can_pack(68, 6)
    assert not can_pack(66, 6)
    assert not can_pack(64, 8)
