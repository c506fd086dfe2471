from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training.evaluation.charts import (
    HELD_OUT,
    plot_conditions,
    plot_corruptions,
    plot_reliability,
)


def pixels_of(file: Path, colour: str) -> int:
    """How many pixels have just this colour, "#rrggbb"."""
    rgb = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return int((read_picture(file) == rgb).all(axis=2).sum())


def test_only_held_out_styles_have_their_colour(numbers: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "styles.png"
    plot_conditions(numbers["styles"], numbers["unmasked"], "styles", file)
    assert pixels_of(file, HELD_OUT) > 500
    plot_conditions(numbers["positions"], numbers["unmasked"], "positions", file)
    assert pixels_of(file, HELD_OUT) == 0


@pytest.mark.parametrize("count", [1, 4, 5])
def test_a_panel_for_each_corruption(numbers: dict[str, Any], tmp_path: Path, count: int) -> None:
    heads = {kind: numbers[kind] for kind in ("masked", "unmasked")}
    some = dict([*numbers["corruptions"].items()][:count])
    file = tmp_path / "corruptions.png"
    plot_corruptions(some, heads, file)
    height = read_picture(file).shape[0]
    assert (height > 500) == (count == 5)


def test_bins_without_faces_are_left_empty(numbers: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "reliability.png"
    plot_reliability({"masked": numbers["masked"], "unmasked": numbers["unmasked"]}, file)
    two = read_picture(file)
    plot_reliability({"masked": numbers["masked"]}, file)
    assert read_picture(file).shape[1] < two.shape[1]
    assert [path.name for path in tmp_path.iterdir()] == ["reliability.png"]
