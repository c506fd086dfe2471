from __future__ import annotations

import pytest

from maskmesh.bench.ladder.rungs import RUNGS, Rung, below, recipe_of
from maskmesh.training.recipe import load_recipe


def test_a_rung_stands_on_the_nearest_kept_one() -> None:
    names = [rung.name for rung in RUNGS]
    assert below(names[0]) is None
    for name in names[1:]:
        under = below(name)
        assert under is not None
        assert under.kept
        assert names.index(under.name) < names.index(name)
    erased = below("cosine")
    assert erased is not None
    assert erased.name == "light"


@pytest.mark.parametrize("rung", RUNGS, ids=[rung.name for rung in RUNGS])
def test_a_rung_differs_from_the_one_below_by_its_lever_alone(rung: Rung) -> None:
    name = rung.name
    under = below(name)
    if under is None:
        return
    own, other = (recipe_of(one, 12, "runs").model_dump() for one in (name, under.name))
    changes = rung.changes
    assert {key for key in own if own[key] != other[key]} == set(changes)


def test_what_is_not_kept_is_not_on_the_rungs_above() -> None:
    assert recipe_of("focal", 12, "runs").cutmix_alpha == 0
    assert recipe_of("focal", 12, "runs").mixup_alpha > 0
    assert recipe_of("robust", 12, "runs").focal_gamma == 0


def test_a_rung_learns_from_the_run_below() -> None:
    assert recipe_of("votes", 12, "some/runs").soft_labels == "some/runs/twin"
    assert recipe_of("robust", 12, "some/runs").soft_labels == "some/runs/twin"


def test_the_ground_has_no_lever() -> None:
    ground, best = recipe_of("ground", 3, "runs"), load_recipe("best")
    assert ground.epochs == 3
    assert ground.optimizer == best.optimizer
    assert not ground.flip
    assert ground.blocks == "plain"
