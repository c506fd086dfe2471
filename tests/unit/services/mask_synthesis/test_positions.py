from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.positions import (
    POSITIONS,
    WORN_POSITIONS,
    choose_position,
)
from maskmesh.services.runtime.errors import InvalidInputError


@pytest.mark.parametrize("position", POSITIONS)
def test_a_named_position_is_kept_whatever_the_chance(position):
    assert {choose_position(position, chance) for chance in (0.0, 0.5, 0.999)} == {position}


def test_chance_chooses_as_masks_are_worn():
    places = (np.arange(1000) / 1000).tolist()
    chosen = [choose_position("random", place) for place in places]
    shares = {position: chosen.count(position) / 10 for position in POSITIONS}
    assert shares == pytest.approx(WORN_POSITIONS, abs=0.2)


def test_an_unknown_position_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInputError, match="proper, below_nose, on_chin, or random"):
        choose_position("on the ear", 0.5)
