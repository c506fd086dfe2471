from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest

from maskmesh.services.runtime.errors import SetupError
from maskmesh.training.evaluation.artifact import read_facts


@pytest.fixture
def artifact(brightness_repository: Path, tmp_path: Path):
    """Writes a model with some metadata."""

    def write(**metadata: str) -> Path:
        model = onnx.load(brightness_repository / "expression" / "3" / "model.onnx")
        for key, value in metadata.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        file = tmp_path / "model.onnx"
        onnx.save(model, file)
        return file

    return write


def test_held_out_styles_and_known_data(artifact) -> None:
    recipe = json.dumps({"model": "residual", "held_out_styles": ["bandana"]})
    hashes = json.dumps({"train": "aa", "validation": "bb"})
    facts = read_facts(artifact(recipe=recipe, data_sha256=hashes))
    assert facts.held_out_styles == ("bandana",)
    assert facts.known_split("bb") == "validation"
    assert facts.known_split("cc") is None


def test_none_held_out_is_not_the_same_as_unknown(artifact) -> None:
    assert read_facts(artifact()).held_out_styles is None
    assert read_facts(artifact(recipe='{"held_out_styles": []}')).held_out_styles == ()


def test_damaged_metadata(artifact) -> None:
    with pytest.raises(SetupError, match="damaged metadata"):
        read_facts(artifact(recipe="{not json"))
