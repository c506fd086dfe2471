from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from maskmesh.services.classification.classifier import Classified
from maskmesh.services.runtime.errors import SetupError
from maskmesh.training.convert import (
    check_parity,
    keras_answers,
    save_checked,
    shorten_names,
    to_onnx,
)
from maskmesh.training.inference import classify_faces
from maskmesh.training.labels import CLASSES
from maskmesh.training.models.paper import build_paper_cnn

METADATA = {"labels": '["' + '", "'.join(CLASSES) + '"]', "model_name": "tiny", "version": "4"}


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    network = build_paper_cnn(convolutions=((8, 3), (8, 3), (8, 3), (8, 3)), dense=(16, 16))
    # An untrained network answers every face alike, which would hide any difference.
    kernel = network.get_layer("probabilities").kernel
    kernel.assign(np.random.default_rng(1).normal(0, 1, kernel.shape).astype(np.float32))
    return network


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (70, 48, 48), dtype=np.uint8)


def test_onnx_answers_as_keras_does(model: keras.Model, faces: np.ndarray, tmp_path: Path) -> None:
    artifact = save_checked(to_onnx(model), METADATA, tmp_path / "1" / "model.onnx")
    answers = classify_faces(artifact, faces)
    assert answers.probabilities.shape == (70, 7)
    assert answers.mask.shape == (70,)
    parity = check_parity(keras_answers(model, faces), answers)
    assert (parity.faces, parity.other_class) == (70, 0)
    assert parity.max_difference < 1e-5
    assert (artifact.model.name, artifact.model.version) == ("tiny", "4")
    assert [path.name for path in (tmp_path / "1").iterdir()] == ["model.onnx"]


def test_short_names_change_no_answer(
    model: keras.Model, faces: np.ndarray, tmp_path: Path
) -> None:
    graph = to_onnx(model)
    size = len(graph.SerializeToString())
    shorten_names(graph)
    assert len(graph.SerializeToString()) < size
    assert max(len(name) for node in graph.graph.node for name in node.input) <= len("faces")
    artifact = save_checked(graph, METADATA, tmp_path / "model.onnx")
    assert check_parity(keras_answers(model, faces), classify_faces(artifact, faces)).faces == 70


def test_graph_has_the_contracts_shape(model: keras.Model) -> None:
    graph = to_onnx(model).graph
    puts = [*graph.input, *graph.output]
    shapes = {
        put.name: [d.dim_param or d.dim_value for d in put.type.tensor_type.shape.dim]
        for put in puts
    }
    assert shapes == {"faces": ["N", 48, 48, 1], "probabilities": ["N", 7], "mask": ["N"]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda p: p[:, ::-1].copy(), "another class on"),
        (lambda p: p + np.float32(3e-5), "probabilities up to 3e-05 apart"),
    ],
)
def test_disagreement_is_an_error(model: keras.Model, faces: np.ndarray, change, told) -> None:
    reference = keras_answers(model, faces)
    changed = Classified(change(reference.probabilities), reference.mask)
    with pytest.raises(SetupError, match=told):
        check_parity(reference, changed)


def test_a_mask_output_that_disagrees_is_an_error(model: keras.Model, faces: np.ndarray) -> None:
    reference = keras_answers(model, faces)
    with pytest.raises(SetupError, match="nothing was written"):
        check_parity(reference, Classified(reference.probabilities, reference.mask + 1e-3))


def test_a_graph_without_labels_is_refused(model: keras.Model, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="not a maskmesh model"):
        save_checked(to_onnx(model), {}, tmp_path / "unlabelled.onnx")
