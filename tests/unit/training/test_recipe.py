from __future__ import annotations

from pathlib import Path

import pytest

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.training.recipe import RECIPES, Recipe, load_recipe


@pytest.mark.parametrize("name", sorted(file.stem for file in RECIPES.glob("*.toml")))
def test_every_shipped_recipe_holds_and_survives_saving(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    recipe.save(tmp_path / "recipe.json")
    assert Recipe.model_validate_json((tmp_path / "recipe.json").read_text()) == recipe


def test_overrides_replace_and_none_leaves() -> None:
    recipe = load_recipe("paper", epochs=2, batch_size=None)
    assert recipe.epochs == 2
    assert recipe.batch_size == load_recipe("paper").batch_size


def test_the_masked_share_moves_over_the_ramp() -> None:
    recipe = load_recipe(
        "paper", masked_share_start=0.2, masked_share=0.8, masked_share_ramp_epochs=3
    )
    shares = [recipe.masked_share_of(epoch) for epoch in range(5)]
    assert shares == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8])


def test_values_out_of_range_are_named() -> None:
    with pytest.raises(InvalidInputError, match="masked_share: Input should be less than"):
        load_recipe("paper", masked_share=1.2)


def test_unknown_recipe_and_unknown_field(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"give a TOML file or one of .*paper"):
        load_recipe("nothing")
    text = (RECIPES / "paper.toml").read_text()
    (tmp_path / "own.toml").write_text(text + "\nspeed = 3\n")
    with pytest.raises(InvalidInputError, match="speed: Extra inputs"):
        load_recipe(str(tmp_path / "own.toml"))
    (tmp_path / "own.toml").write_text("model = ")
    with pytest.raises(InvalidInputError, match="not valid TOML"):
        load_recipe(str(tmp_path / "own.toml"))
