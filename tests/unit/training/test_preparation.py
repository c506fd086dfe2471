from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from maskmesh.training import preparation
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.preparation import (
    Workplace,
    identity,
    training_faces,
    validation_faces,
    without_leaks,
)
from maskmesh.training.wearing import CachedMasks, FreshMasks

from .conftest import quick, striped_faces


def faces_of(split: str, seed: int) -> LabelledFaces:
    images, labels = striped_faces(1, seed)
    names = tuple(f"{split}/{k}.png" for k in range(len(images)))
    return LabelledFaces(split, images, labels, names, f"{seed}" * 64)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return Workplace(tmp_path_factory.mktemp("cache"), 1)


def test_leaks_and_blank_pictures_are_left_out() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 48, 48), dtype=np.uint8)
    images[3] = 7
    names = tuple("abcde")
    train = LabelledFaces("train", images, np.arange(5), names, "d" * 64)
    seen = LabelledFaces("validation", images[1:2, :, ::-1], np.array([1]), ("f",), "e" * 64)
    kept = without_leaks(train, seen)
    assert kept.names == ("a", "c", "e")
    assert kept.labels.tolist() == [0, 2, 4]
    other = LabelledFaces("validation", 255 - images[1:2], np.array([1]), ("f",), "e" * 64)
    clean = train.where(np.array([True, True, True, False, True]))
    assert without_leaks(clean, other) is clean


def test_masks_are_made_as_the_recipe_says(place: Workplace) -> None:
    faces = faces_of("train", 1)
    fresh = training_faces(quick("best", min_fit=0.3), faces, place).wardrobe
    assert isinstance(fresh, FreshMasks)
    assert (fresh.min_fit, tuple(fresh.held_out)) == (0.3, ("bandana",))
    cached = training_faces(quick("paper"), faces, place).wardrobe
    assert isinstance(cached, CachedMasks)
    assert cached.images.shape == (7, 2, 48, 48)


def test_validation_faces_wear_other_masks_than_training_ones(place: Workplace) -> None:
    faces = faces_of("train", 1)
    judged = validation_faces(quick("paper"), faces, place)
    cached = training_faces(quick("paper"), faces, place).wardrobe
    assert isinstance(cached, CachedMasks)
    assert judged.worn.all()
    assert (judged.masked != cached.images[:, 0]).any()


def test_votes_come_with_the_faces_and_tell_apart(place: Workplace, tmp_path: Path) -> None:
    faces = faces_of("train", 1)
    file = tmp_path / "votes.csv"
    heading = "file,angry,disgust,fear,happy,neutral,sad,surprise"
    file.write_text(f"{heading}\n2.png,0,0,1,1,0,0,0\n")
    recipe = quick("paper", soft_labels=str(file), soft_label_weight=0.5)
    votes = training_faces(recipe, faces, place).votes
    assert votes is not None
    assert votes[2].tolist() == [0, 0, 0.5, 0.5, 0, 0, 0]
    assert np.isnan(votes[0]).all()
    told = [identity(used, faces, faces) for used in (recipe, quick("paper"))]
    assert "soft_labels" in told[0]
    assert "soft_labels" not in told[1]


def test_a_teacher_is_asked_and_told(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    faces = faces_of("train", 1)
    answers = np.full((7, 7), 1 / 7, np.float32)
    monkeypatch.setattr(preparation, "teacher_answers", lambda *_: answers)
    recipe = quick("paper", teacher=str(tmp_path))
    assert training_faces(recipe, faces, place).teacher is answers


def test_a_runs_answers_may_stand_for_votes(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    faces = faces_of("train", 1)
    answers = np.full((7, 7), 1 / 7, np.float32)
    weights = tmp_path / "weights"
    weights.write_bytes(b"1")
    monkeypatch.setattr(preparation, "teacher_answers", lambda *_: answers)
    monkeypatch.setattr(preparation, "load_run", lambda _: SimpleNamespace(weights=weights))
    recipe = quick("paper", soft_labels=str(tmp_path), soft_label_weight=0.5)
    assert training_faces(recipe, faces, place).votes is answers
    before = identity(recipe, faces, faces)["soft_labels"]
    weights.write_bytes(b"2")
    assert identity(recipe, faces, faces)["soft_labels"] != before


def test_identity_names_what_the_run_is_of(place: Workplace) -> None:
    train, validation = faces_of("train", 1), faces_of("validation", 2)
    found = identity(quick("paper"), train, validation)
    assert found["splits"] == {"train": "train", "validation": "validation"}
    assert found["sha256"] == {"train": "1" * 64, "validation": "2" * 64}
    assert found["counts"] == {"train": 7, "validation": 7}
    assert len(set(found["synthesis"])) == 2
