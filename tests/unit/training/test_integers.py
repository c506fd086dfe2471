from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from maskmesh.training.convert import shorten_names, to_onnx
from maskmesh.training.finishing import with_lean_maps
from maskmesh.training.integers import to_integers
from maskmesh.training.models import build_model
from maskmesh.training.quantise import snap_kernels, store_on_grid

from .conftest import quick


def faces(count: int, seed: int) -> np.ndarray:
    patches = np.random.default_rng(seed).integers(0, 256, (count, 6, 6), dtype=np.uint8)
    return patches.repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture(scope="module", params=["paper", "best"])
def converted(request: pytest.FixtureRequest) -> onnx.ModelProto:
    """A network on the grid of seven bits, in float arithmetic."""
    keras.utils.set_random_seed(0)
    network = with_lean_maps(build_model(quick(request.param, widths=(32, 48))))
    kernel = network.get_layer("probabilities").kernel
    kernel.assign(np.random.default_rng(1).normal(0, 0.3, kernel.shape))
    snap_kernels(network, 7)
    return to_onnx(network)


def answers(model: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(["probabilities"], {"faces": images[..., None]})[0])


def test_answers_are_nearly_those_of_float_arithmetic(converted: onnx.ModelProto) -> None:
    whole = to_integers(converted, faces(96, seed=2), 7)
    images = faces(64, seed=3)
    apart = np.abs(answers(converted, images) - answers(whole, images))
    assert 0 < apart.max() < 0.05
    assert apart.mean() < 0.01


def test_weights_keep_their_numbers_on_the_grid(converted: onnx.ModelProto) -> None:
    whole = to_integers(converted, faces(96, seed=2), 7)
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in whole.graph.initializer}
    kernels = [t for t in tensors.values() if t.dtype == np.int8 and t.ndim == 4]
    assert kernels
    for kernel in kernels:
        # The largest of each channel is at the end of seven bits, not of eight.
        np.testing.assert_array_equal(np.abs(kernel).max(axis=(1, 2, 3)), 63)


def test_convolutions_run_on_integers(converted: onnx.ModelProto, tmp_path: Path) -> None:
    whole = to_integers(converted, faces(96, seed=2), 7)
    store_on_grid(whole, 7)
    shorten_names(whole)
    onnx.checker.check_model(whole, full_check=True)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(
        whole.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    operations = [node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node]
    # Packed kernels are unpacked at loading, and what is left multiplies integers.
    assert "QLinearConv" in operations
    assert not {"BitShift", "BitwiseAnd"} & set(operations)


def test_packing_changes_no_answer_of_integers(converted: onnx.ModelProto) -> None:
    whole = to_integers(converted, faces(96, seed=2), 7)
    images = faces(20, seed=4)
    shorten_names(whole)
    before, size = answers(whole, images), len(whole.SerializeToString())
    assert store_on_grid(whole, 7) > 0
    shorten_names(whole)
    assert len(whole.SerializeToString()) < size
    np.testing.assert_array_equal(answers(whole, images), before)
