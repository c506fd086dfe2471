from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmesh.services.classification.classifier import Classified
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.positions import POSITIONS
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.evaluation.artifact import ArtifactFacts, read_facts
from maskmesh.training.evaluation.corruptions import CORRUPTIONS
from maskmesh.training.evaluation.dressing import DressedFaces
from maskmesh.training.evaluation.measure import Subject, headline, measure
from maskmesh.training.inference import open_classifier


@pytest.fixture(scope="module")
def subject(brightness_artifact: Path, drawn_faces: LabelledFaces) -> Subject:
    classifier = open_classifier(brightness_artifact)
    return Subject(classifier, read_facts(brightness_artifact), drawn_faces, seed=3)


@pytest.fixture(scope="module")
def measured(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return measure(subject, tmp_path_factory.mktemp("cache"), workers=1)


def test_every_condition_is_there(measured: dict[str, Any]) -> None:
    assert [*measured["styles"]] == [*MASK_STYLES]
    assert [*measured["positions"]] == [*POSITIONS]
    assert [*measured["corruptions"]] == [corruption.name for corruption in CORRUPTIONS]
    for found in measured["corruptions"].values():
        assert len(found["masked"]) == len(found["unmasked"]) == len(found["levels"]) == 3


def test_the_held_out_style_is_named(measured: dict[str, Any]) -> None:
    held_out = [style for style, row in measured["styles"].items() if row["held_out"]]
    assert held_out == ["bandana"]


def test_a_mask_worn_properly_is_the_usual_one(measured: dict[str, Any]) -> None:
    proper, masked = measured["positions"]["proper"], measured["masked"]
    assert proper["accuracy"] == masked["accuracy"]
    assert proper["macro_f1"] == masked["macro_f1"]


def test_numbers_are_those_of_the_pictures(measured: dict[str, Any], subject: Subject) -> None:
    """The model tells the mean gray; blur keeps it, so what it says stays the same."""
    says = subject.classifier.classify([*subject.faces.images])
    right = (says.probabilities.argmax(axis=1) == subject.faces.labels).mean()
    assert measured["unmasked"]["accuracy"] == right
    assert measured["corruptions"]["blur"]["unmasked"][0]["accuracy"] == right
    # Three stops less light are 0.39 of the gray levels: another class, and a "mask" worn less.
    darkest = measured["corruptions"]["darker"]["unmasked"][2]
    assert darkest["accuracy"] == 0.0
    assert darkest["seen_as_masked"] == 0.0


def test_all_of_it_goes_into_json_and_is_the_same_again(
    measured: dict[str, Any], subject: Subject, tmp_path: Path
) -> None:
    again = measure(subject, tmp_path, workers=1)
    assert json.dumps(again, allow_nan=False) == json.dumps(measured, allow_nan=False)


def test_headline_of_answers_worked_out_by_hand(brightness_artifact: Path) -> None:
    labels = np.array([0, 0, 0, 3, 3])
    faces = LabelledFaces("x", np.zeros((5, 48, 48), np.uint8), labels, ("",) * 5, "b" * 64)
    subject = Subject(open_classifier(brightness_artifact), ArtifactFacts(None, {}), faces, 0)
    predicted = np.array([0, 0, 3, 3, 3])
    probabilities = np.where(np.eye(7, dtype=bool)[predicted], 0.7, 0.05).astype(np.float32)
    mask = np.array([0.9, 0.9, 0.2, 0.9, 0.9], np.float32)
    worn = np.array([True, True, True, True, False])
    found = headline(subject, DressedFaces(faces.images, worn), Classified(probabilities, mask))
    assert found["accuracy"] == 0.8
    assert found["ece"] == pytest.approx(0.1, abs=1e-6)
    assert found["mask"]["accuracy"] == 0.6
    assert found["mask"]["worn"] == 4
    assert found["per_class"]["angry"]["recall_ci95"] == pytest.approx([0.2077, 0.9385], abs=1e-4)
    assert found["per_class"]["happy"]["precision_ci95"] == pytest.approx(
        [0.2077, 0.9385], abs=1e-4
    )
    assert found["per_class"]["sad"]["recall_ci95"] is None
    low, high = found["macro_f1_ci95"]
    assert low <= found["macro_f1"] <= high
    bins = found["reliability"]
    assert sum(bins["faces"]) == 5
    assert bins["accuracy"][10] == 0.8
    assert bins["confidence"][10] == pytest.approx(0.7)
    assert bins["accuracy"][0] is None
