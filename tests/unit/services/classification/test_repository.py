from __future__ import annotations

from pathlib import Path

import pytest

from maskmesh.services.classification.repository import (
    SHIPPED_MODELS,
    find_model,
    find_versions,
    next_version,
)
from maskmesh.services.runtime.errors import NotFoundError

LARGEST_ARTIFACT_BYTES = 5_000_000


def repository(root: Path, *versions: str) -> Path:
    for version in versions:
        folder = root / "expression" / version
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(b"")
    return root


def test_the_highest_number_is_the_default(tmp_path: Path) -> None:
    root = repository(tmp_path, "2", "10", "9", "draft")
    assert find_model(root).version == "10"
    assert find_model(root, version="2").path == root / "expression" / "2" / "model.onnx"


def test_versions_are_listed_from_the_highest(tmp_path: Path) -> None:
    root = repository(tmp_path, "2", "10", "9", "draft", ".7.partial.11")
    assert [model.version for model in find_versions(root)] == ["10", "9", "2"]


def test_the_next_version_is_above_all_others(tmp_path: Path) -> None:
    assert next_version(tmp_path / "expression") == "1"
    root = repository(tmp_path, "2", "10", "draft")
    (root / "expression" / "12").mkdir()  # empty, but taken
    assert next_version(root / "expression") == "13"


def test_errors_name_what_there_is(tmp_path: Path) -> None:
    root = repository(tmp_path, "1", "2")
    with pytest.raises(NotFoundError, match="no version '7'; it has 1, 2"):
        find_model(root, version="7")
    with pytest.raises(NotFoundError, match=r"models there: expression"):
        find_model(root, "age")
    with pytest.raises(NotFoundError, match="--repository"):
        find_model(tmp_path / "nowhere")


def test_shipped_models_are_small_and_have_cards() -> None:
    shipped = list(SHIPPED_MODELS.glob("*/*/model.onnx"))
    assert shipped
    for path in shipped:
        assert path.stat().st_size <= LARGEST_ARTIFACT_BYTES
        assert (path.parent / "model_card.md").is_file()
