from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.canvas import Margins
from maskmesh.services.mask_synthesis.outlines import OUTLINES
from maskmesh.services.mask_synthesis.positions import BELOW_NOSE, ON_CHIN, PROPER
from maskmesh.services.mask_synthesis.slipped import (
    slipped_margins,
    slipped_outline,
    slipped_straps,
)
from maskmesh.services.mask_synthesis.straps import STRAPS

ENDS = np.array([0.0, 1.0])


@pytest.mark.parametrize("style", OUTLINES)
def test_a_proper_mask_is_drawn_as_its_style_is(style):
    assert slipped_outline(OUTLINES[style], PROPER) is OUTLINES[style]
    assert slipped_margins(Margins(0.1, 0.2, 0.3), PROPER) == Margins(0.1, 0.2, 0.3)


@pytest.mark.parametrize("position", [BELOW_NOSE, ON_CHIN])
@pytest.mark.parametrize("style", OUTLINES)
def test_sides_rise_and_the_middle_stays(style, position):
    proper, slipped = OUTLINES[style], slipped_outline(OUTLINES[style], position)
    assert slipped.top(ENDS)[0] == proper.top(ENDS)[0] == 0
    assert slipped.top(ENDS)[1] < proper.top(ENDS)[1] - 0.1
    assert slipped.bottom(ENDS)[1] - slipped.top(ENDS)[1] > 0.2


@pytest.mark.parametrize("position", [BELOW_NOSE, ON_CHIN])
def test_the_canvas_holds_the_straps_to_the_ears(position):
    top = slipped_margins(Margins(side=0.1, top=0.32, bottom=0.1), position).top
    for straps in STRAPS.values():
        for proper, slipped in zip(straps, slipped_straps(straps, position), strict=True):
            assert -top < slipped.ends < proper.ends - 0.1
