from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest

from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.repository import ModelFile, find_model
from maskmesh.services.runtime.errors import InvalidInputError, SetupError
from maskmesh.services.runtime.expressions import EXPRESSIONS


def flat_face(brightness: int, side: int = 48) -> np.ndarray:
    return np.full((side, side), brightness, np.uint8)


@pytest.fixture(scope="module")
def classifier(brightness_repository: Path) -> ExpressionClassifier:
    return ExpressionClassifier(find_model(brightness_repository))


def test_each_face_gets_its_own_row(classifier: ExpressionClassifier) -> None:
    brightness = [36 * k + 18 for k in (6, 0, 3)]
    result = classifier.classify([flat_face(value) for value in brightness])
    assert result.probabilities.argmax(axis=1).tolist() == [6, 0, 3]
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(result.mask, np.array(brightness) / 255, atol=1e-6)


@pytest.mark.parametrize("side", [16, 48, 97, 300])
def test_faces_of_any_size_are_scaled(classifier: ExpressionClassifier, side: int) -> None:
    assert classifier.classify([flat_face(126, side)]).probabilities[0].argmax() == 3


def test_calls_from_many_threads_keep_their_results(classifier: ExpressionClassifier) -> None:
    def classify(k: int) -> int:
        return int(classifier.classify([flat_face(36 * k + 18)]).probabilities[0].argmax())

    wanted = [k % 7 for k in range(140)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(classify, wanted)) == wanted


def test_no_face_and_wrong_arrays_are_refused(classifier: ExpressionClassifier) -> None:
    with pytest.raises(InvalidInputError, match="no face"):
        classifier.classify([])
    with pytest.raises(InvalidInputError, match=r"face 1 is float32 of shape \(48, 48\)"):
        classifier.classify([flat_face(1), np.zeros((48, 48), np.float32)])  # type: ignore[list-item]


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(SetupError, match="cannot be loaded"):
        ExpressionClassifier(ModelFile("expression", "1", path))


def test_a_model_with_other_labels_is_refused(brightness_repository: Path, tmp_path: Path) -> None:
    model = onnx.load(find_model(brightness_repository).path)
    model.metadata_props[0].value = '["happy", "sad"]'
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    with pytest.raises(SetupError, match="is not a maskmesh model"):
        ExpressionClassifier(ModelFile("expression", "1", path))


def test_shipped_model_keeps_the_contract() -> None:
    classifier = ExpressionClassifier(find_model())
    faces = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)
    together = classifier.classify(list(faces))
    assert together.probabilities.shape == (5, len(EXPRESSIONS))
    np.testing.assert_allclose(together.probabilities.sum(axis=1), 1, atol=1e-5)
    assert ((together.mask >= 0) & (together.mask <= 1)).all()
    alone = np.concatenate([classifier.classify([face]).probabilities for face in faces])
    np.testing.assert_allclose(alone, together.probabilities, atol=1e-5)
