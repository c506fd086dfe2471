from __future__ import annotations

from pathlib import Path

import pytest

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.training.recipe import RECIPES, Recipe, load_recipe, saved_recipe


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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"held_out_styles": ("balaclava",)}, "choose some, not all, of surgical.*balaclava"),
        ({"teacher": "twin", "batch_size": 33}, "must be even"),
        ({"schedule": "cosine", "warm_up_epochs": 5, "epochs": 5}, "fewer than the epochs"),
        ({"weight_decay": 0.1}, "only adamw decays"),
    ],
)
def test_fields_that_do_not_fit_together(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        load_recipe("paper", **changes)


def test_who_teaches() -> None:
    kinds = {"": (False, False), "twin": (True, False), "runs/plain": (False, True)}
    for teacher, wanted in kinds.items():
        recipe = load_recipe("paper", teacher=teacher)
        assert (recipe.is_paired, recipe.has_teacher_run) == wanted


def test_a_run_of_another_version_is_named(tmp_path: Path) -> None:
    load_recipe("paper").save(tmp_path / "recipe.json")
    assert saved_recipe(tmp_path / "recipe.json") == load_recipe("paper")
    (tmp_path / "recipe.json").write_text('{"model": "paper"}')
    with pytest.raises(InvalidInputError, match=r"another version of maskmesh.*train a new run"):
        saved_recipe(tmp_path / "recipe.json")
