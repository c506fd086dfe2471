from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from maskmesh.training.convert import check_parity, keras_answers, save_checked, to_onnx
from maskmesh.training.finishing import both_views, finished, with_lean_maps
from maskmesh.training.inference import classify_faces
from maskmesh.training.labels import CLASSES
from maskmesh.training.models import build_model
from maskmesh.training.quantise import snap_kernels, store_on_grid
from maskmesh.training.targets import softened

from .conftest import quick

METADATA = {"labels": json.dumps([*CLASSES]), "model_name": "tiny", "version": "1"}


@pytest.fixture(scope="module", params=["paper", "best"])
def model(request: pytest.FixtureRequest) -> keras.Model:
    """A network whose weights, scales and means are all random, as after training."""
    keras.utils.set_random_seed(0)
    network = build_model(quick(request.param, widths=(32, 48)))
    rng = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(rng.uniform(-1.5, 1.5, layer.gamma.shape))
            layer.beta.assign(rng.normal(0, 0.3, layer.beta.shape))
            layer.moving_mean.assign(rng.normal(0, 0.1, layer.beta.shape))
            layer.moving_variance.assign(rng.uniform(0.5, 2, layer.beta.shape))
    kernel = network.get_layer("probabilities").kernel
    kernel.assign(rng.normal(0, 1, kernel.shape))
    return network


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    # Coarse patches: what is finer is much the same in a mirror once it is averaged.
    patches = np.random.default_rng(0).integers(0, 256, (65, 4, 4), dtype=np.uint8)
    return patches.repeat(12, axis=1).repeat(12, axis=2)


def test_mean_of_the_views_then_temperature(model: keras.Model, faces: np.ndarray) -> None:
    plain, mirrored = keras_answers(model, faces), keras_answers(model, faces[:, :, ::-1])
    assert np.abs(plain.probabilities - mirrored.probabilities).max() > 1e-4
    answers = keras_answers(finished(model, mirrored=True, temperature=1.7), faces)
    mean = (plain.probabilities + mirrored.probabilities) / 2
    np.testing.assert_allclose(answers.probabilities, softened(mean, 1.7), atol=1e-6)
    np.testing.assert_allclose(answers.mask, (plain.mask + mirrored.mask) / 2, atol=1e-6)


def test_one_view_at_temperature_one_is_the_trained_network(
    model: keras.Model, faces: np.ndarray
) -> None:
    answers = keras_answers(finished(model, mirrored=False, temperature=1.0), faces)
    plain = keras_answers(model, faces)
    np.testing.assert_allclose(answers.probabilities, plain.probabilities, atol=1e-6)
    np.testing.assert_array_equal(answers.mask, plain.mask)


@pytest.mark.parametrize("mirrored", [False, True])
def test_temperature_changes_how_sure_answers_are_but_no_class(
    model: keras.Model, faces: np.ndarray, mirrored: bool
) -> None:
    answers = [
        keras_answers(finished(model, mirrored=mirrored, temperature=t), faces).probabilities
        for t in (0.5, 1.0, 3.0)
    ]
    sure = [rows.max(axis=1).mean() for rows in answers]
    assert sure[0] > sure[1] > sure[2]
    for rows in answers:
        np.testing.assert_array_equal(rows.argmax(axis=1), answers[1].argmax(axis=1))


@pytest.mark.parametrize("mirrored", [False, True])
def test_onnx_answers_as_keras_does_with_kernels_in_a_byte_each(
    model: keras.Model, faces: np.ndarray, mirrored: bool, tmp_path: Path
) -> None:
    trained = keras.models.clone_model(model)
    trained.set_weights(model.get_weights())
    snapped = snap_kernels(trained)
    made = finished(trained, mirrored=mirrored, temperature=0.8)
    graph = to_onnx(made)
    assert store_on_grid(graph) == snapped > 0
    # Folded into the convolutions: no kernel and no normalisation is left beside the grid.
    assert "BatchNormalization" not in {node.op_type for node in graph.graph.node}
    artifact = save_checked(graph, METADATA, tmp_path / "model.onnx")
    answers = classify_faces(artifact, faces)
    assert check_parity(keras_answers(made, faces), answers).faces == 65
    alone = classify_faces(artifact, faces[:1])
    np.testing.assert_allclose(alone.probabilities, answers.probabilities[:1], atol=1e-6)
    apart = np.abs(
        classify_faces(artifact, faces[:, :, ::-1]).probabilities - answers.probabilities
    ).max()
    assert apart < 1e-6 if mirrored else apart > 1e-4
    shape = onnx.load(tmp_path / "model.onnx").graph.output[0].type.tensor_type.shape
    assert [size.dim_param or size.dim_value for size in shape.dim] == ["N", 7]


def test_views(model: keras.Model, faces: np.ndarray) -> None:
    views = both_views(model, faces[:3])
    assert views.answers(mirrored=False) is views.plain
    np.testing.assert_allclose(
        views.mirrored.probabilities,
        keras_answers(model, np.flip(faces[:3], axis=2)).probabilities,
    )


def test_dense_layers_on_maps_become_convolutions_that_answer_the_same(
    model: keras.Model, faces: np.ndarray
) -> None:
    lean = with_lean_maps(model)
    dense = [layer for layer in lean.layers if isinstance(layer, keras.layers.Dense)]
    assert all(len(layer.input.shape) == 2 for layer in dense)
    assert lean.count_params() == model.count_params()
    for answers, same in zip(keras_parts(lean, faces), keras_parts(model, faces), strict=True):
        np.testing.assert_allclose(answers, same, atol=1e-6)
    if model.name == "residual":
        # None of the operations by which ONNX finds out shapes at run time is left.
        assert "Shape" not in {node.op_type for node in to_onnx(lean).graph.node}
        assert "Shape" in {node.op_type for node in to_onnx(model).graph.node}


def keras_parts(model: keras.Model, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    answers = keras_answers(model, faces)
    return answers.probabilities, answers.mask
