from __future__ import annotations

import pytest

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.training.models import build_model
from maskmesh.training.recipe import load_recipe


def test_unknown_network() -> None:
    with pytest.raises(NotFoundError, match="choose one of paper, residual"):
        build_model(load_recipe("paper", model="vgg"))


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("paper", {"widths": (8,) * 5}, "at most 4 blocks, the recipe gives 5"),
        ("best", {"widths": (8,) * 5}, "at most 4 stages"),
        ("best", {"dense": (8,)}, "no dense blocks"),
    ],
)
def test_shapes_a_network_cannot_have(name: str, changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        build_model(load_recipe(name, **changes))


def test_widths_and_dense_are_the_recipes() -> None:
    model = build_model(load_recipe("paper", widths=(4, 6), dense=(5,)))
    assert model.get_layer("block2_conv").kernel.shape == (5, 5, 4, 6)
    assert model.get_layer("dense1").kernel.shape == (12 * 12 * 6, 5)
