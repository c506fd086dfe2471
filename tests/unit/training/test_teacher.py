from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.runtime.errors import NotFoundError
from maskmesh.training import teacher
from maskmesh.training.batches import TrainingFaces
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.fit import fit
from maskmesh.training.judging import ValidationFaces
from maskmesh.training.runs import float_model, load_run
from maskmesh.training.teacher import sha256_of, teacher_answers

from .conftest import PaintedMasks, quick, striped_faces


@pytest.fixture(scope="module")
def faces() -> LabelledFaces:
    images, labels = striped_faces(3, seed=5)
    return LabelledFaces("train", images, labels, tuple(map(str, range(21))), "c" * 64)


@pytest.fixture(scope="module")
def run(faces: LabelledFaces, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher")
    shown = TrainingFaces(faces.images, faces.labels, PaintedMasks(faces.images))
    worn = np.zeros(21, bool)
    judged = ValidationFaces(faces.images, faces.images, worn, faces.labels)
    fit(quick("paper", epochs=1), shown, judged, folder, data={}, verbose=0)
    return folder


def test_a_teacher_answers_to_a_face_and_its_mirror_image_once(
    run: Path, faces: LabelledFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = teacher_answers(run, faces, tmp_path)
    model = float_model(load_run(run))
    both = [
        model.predict({"faces": images[..., None]}, verbose=0)["probabilities"]
        for images in (faces.images, faces.images[:, :, ::-1])
    ]
    np.testing.assert_allclose(answers, (both[0] + both[1]) / 2, atol=1e-6)
    monkeypatch.setattr(teacher, "float_model", None)
    np.testing.assert_array_equal(teacher_answers(run, faces, tmp_path), answers)


def test_no_run_no_teacher(faces: LabelledFaces, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="run maskmesh train first"):
        teacher_answers(tmp_path, faces, tmp_path)


def test_hash_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea")
