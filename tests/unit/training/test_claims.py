from __future__ import annotations

import json
from pathlib import Path

import pytest

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training import claims
from maskmesh.training.claims import claim
from maskmesh.training.recipe import load_recipe

DATA = {"sha256": "0", "synthesis": ["a", "b"]}
NEW = {**DATA, "synthesis": ["a", "c"]}


def test_a_run_is_claimed_and_claimed_again(tmp_path: Path) -> None:
    run = tmp_path / "deep" / "run"
    recipe = load_recipe("best")
    for _ in range(2):
        claim(run, recipe, DATA)
        assert json.loads((run / "data.json").read_text()) == DATA
        assert json.loads((run / "recipe.json").read_text()) == recipe.model_dump(mode="json")
    assert len(list(run.iterdir())) == 2


def test_another_recipe_and_other_data_are_refused(tmp_path: Path) -> None:
    claim(tmp_path, load_recipe("paper"), DATA)
    with pytest.raises(InvalidInputError, match="other values of seed, sha256, zoom"):
        claim(tmp_path, load_recipe("paper", seed=5, zoom=0.01), {**DATA, "sha256": "1"})
    assert json.loads((tmp_path / "data.json").read_text()) == DATA


def test_more_epochs_prolong_a_run_unless_the_learning_rate_follows_from_them(
    tmp_path: Path,
) -> None:
    for name in ("paper", "best"):
        claim(tmp_path / name, load_recipe(name, epochs=5), DATA)
    claim(tmp_path / "paper", load_recipe("paper", epochs=9), DATA)
    assert json.loads((tmp_path / "paper" / "recipe.json").read_text())["epochs"] == 9
    with pytest.raises(InvalidInputError, match="other values of epochs:"):
        claim(tmp_path / "best", load_recipe("best", epochs=9), DATA)


def test_other_masks_are_refused_or_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load_recipe("best")
    claim(tmp_path, recipe, DATA)
    with pytest.raises(InvalidInputError, match=r"values of synthesis.*--new-synthesis to go on"):
        claim(tmp_path, recipe, NEW)
    monkeypatch.setattr(claims, "newest_history", lambda _: [{}, {}, {}])
    claim(tmp_path, recipe, NEW, new_synthesis=True)
    noted = {**NEW, "earlier_synthesis": [{"until_epoch": 3, "synthesis": ["a", "b"]}]}
    assert json.loads((tmp_path / "data.json").read_text()) == noted
    claim(tmp_path, recipe, NEW)
    assert json.loads((tmp_path / "data.json").read_text()) == noted
    claim(tmp_path, recipe, DATA, new_synthesis=True)
    assert len(json.loads((tmp_path / "data.json").read_text())["earlier_synthesis"]) == 2


def test_other_data_are_refused_whatever_is_said_of_masks(tmp_path: Path) -> None:
    claim(tmp_path, load_recipe("best"), DATA)
    with pytest.raises(InvalidInputError, match="other values of sha256, synthesis:"):
        claim(tmp_path, load_recipe("best"), {**NEW, "sha256": "1"}, new_synthesis=True)
