from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from maskmesh.services.runtime.errors import SetupError
from maskmesh.training.convert import to_onnx
from maskmesh.training.models.paper import build_paper_cnn
from maskmesh.training.quantise import snap_kernels, store_on_grid, to_grid

# Of the model below, those that are large enough: three of convolutions, one of a dense layer.
KERNELS = (8 * 16 * 25, 16 * 32 * 9, 32 * 32 * 9, 3 * 3 * 32 * 32)


@pytest.fixture
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_paper_cnn(convolutions=((8, 3), (16, 5), (32, 3), (32, 3)), dense=(32, 16))


@pytest.mark.parametrize(("bits", "largest"), [(8, 127), (7, 63), (6, 31)])
@pytest.mark.parametrize(("shape", "axis"), [((3, 3, 4, 8), 3), ((8, 4, 3, 3), 0), ((20, 6), 1)])
def test_grid_is_within_half_a_step_and_uses_its_whole_range(
    shape: tuple[int, ...], axis: int, bits: int, largest: int
) -> None:
    weights = np.random.default_rng(0).normal(0, 0.2, shape).astype(np.float32)
    whole, scale = to_grid(weights, axis, bits)
    assert scale.size == shape[axis]
    assert np.abs(weights - whole * scale).max() <= scale.max() / 2 * 1.001
    others = tuple(k for k in range(len(shape)) if k != axis)
    np.testing.assert_array_equal(np.abs(whole).max(axis=others), largest)


def test_a_channel_of_zeros_stays_zero() -> None:
    weights = np.ones((5, 2), np.float32)
    weights[:, 1] = 0
    whole, scale = to_grid(weights, 1)
    np.testing.assert_array_equal(whole * scale, weights)


def test_snapping_twice_changes_nothing_more(model: keras.Model) -> None:
    assert snap_kernels(model) == len(KERNELS)
    once = [np.asarray(weight) for weight in model.weights]
    snap_kernels(model)
    for before, after in zip(once, model.weights, strict=True):
        np.testing.assert_allclose(before, after, rtol=1e-6, atol=0)


def test_large_weights_are_stored_in_a_byte_each(model: keras.Model) -> None:
    # Trained batch norm has scales of either sign; folding them must not leave the grid.
    scale = model.get_layer("block3_norm").gamma
    scale.assign(np.random.default_rng(2).normal(0, 1, scale.shape).astype(np.float32))
    snap_kernels(model)
    graph = to_onnx(model)
    before = len(graph.SerializeToString())
    assert store_on_grid(graph) == len(KERNELS)
    onnx.checker.check_model(graph, full_check=True)
    kinds = {t.name: t.data_type for t in graph.graph.initializer if t.name.endswith("/int8")}
    assert set(kinds.values()) == {onnx.TensorProto.INT8}
    saved = 3 * sum(np.prod(t.dims) for t in graph.graph.initializer if t.name in kinds)
    assert before - len(graph.SerializeToString()) > 0.85 * saved


def test_weights_off_the_grid_are_refused(model: keras.Model) -> None:
    with pytest.raises(SetupError, match="off the 8-bit grid"):
        store_on_grid(to_onnx(model))


@pytest.mark.parametrize("bits", [6, 7])
def test_fewer_bits_make_a_smaller_file_with_the_same_answers(
    model: keras.Model, bits: int, tmp_path: Path
) -> None:
    snap_kernels(model, bits)
    graph = to_onnx(model)
    onnx.save(graph, tmp_path / "float.onnx")
    assert store_on_grid(graph, bits) == len(KERNELS)
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, tmp_path / "packed.onnx")
    packed = [t for t in graph.graph.initializer if t.name.endswith("/packed")]
    # 32 x 3 x 3 x 16 weights and their like, all of which fill their bytes.
    assert sum(np.prod(t.dims) for t in packed) == bits / 8 * sum(KERNELS)
    faces = np.random.default_rng(3).integers(0, 256, (9, 48, 48, 1), dtype=np.uint8)
    answers = [
        onnxruntime.InferenceSession(tmp_path / name, providers=["CPUExecutionProvider"]).run(
            ["probabilities", "mask"], {"faces": faces}
        )
        for name in ("float.onnx", "packed.onnx")
    ]
    for one, other in zip(*answers, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_kernels_that_do_not_fill_their_bytes_take_a_byte_each() -> None:
    keras.utils.set_random_seed(0)
    odd = build_paper_cnn(convolutions=((21, 3), (25, 3)), dense=(16,))
    snap_kernels(odd, 7)
    graph = to_onnx(odd)
    store_on_grid(graph, 7)
    onnx.checker.check_model(graph, full_check=True)
    names = [t.name.rsplit("/", 1)[-1] for t in graph.graph.initializer]
    assert names.count("int8") == 1
    assert names.count("packed") == 1


def test_a_coarser_grid_than_the_kernels_were_rounded_to_is_refused(model: keras.Model) -> None:
    snap_kernels(model, 8)
    with pytest.raises(SetupError, match="off the 6-bit grid"):
        store_on_grid(to_onnx(model), 6)
