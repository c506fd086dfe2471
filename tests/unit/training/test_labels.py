from __future__ import annotations

import pytest

from maskmesh.training.labels import CLASSES, OTHER_SPELLINGS, class_of


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_themselves_in_any_case(name: str) -> None:
    assert class_of(name) == class_of(name.upper()) == class_of(f" {name.title()} ") == name


def test_every_other_spelling_means_a_class() -> None:
    assert set(OTHER_SPELLINGS.values()) == set(CLASSES)
    assert class_of("Anger") == "angry"
    assert class_of("Surprised") == "surprise"


def test_anything_else_is_none() -> None:
    assert class_of("contempt") is None
    assert class_of("") is None
