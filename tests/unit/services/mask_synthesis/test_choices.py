from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.choices import PATTERNED, WORN_STYLES, Choice, choose
from maskmesh.services.mask_synthesis.colours import NAMED
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.patterns import MASK_PATTERNS
from maskmesh.services.mask_synthesis.user_masks import UserMask
from maskmesh.services.runtime.errors import InvalidInputError

TIGER = UserMask(
    "tiger", np.full((8, 8, 4), 255, np.uint8), np.zeros((4, 2), np.float32), (255, 255, 255)
)


def chosen(seed: int, style="random", colour="random", pattern="random") -> Choice:
    return choose(style, colour, pattern, np.random.default_rng(seed), {"tiger": TIGER})


def test_what_is_named_is_taken():
    choice = chosen(1, "gaiter", "navy", "dots")
    assert (choice.style, choice.pattern, choice.colour) == ("gaiter", "dots", NAMED["navy"])
    assert choice.paint is not None
    assert choice.paint.first == NAMED["navy"]
    assert choice.own is None


def test_styles_are_as_frequent_as_they_are_worn():
    counts = Counter(chosen(seed).style for seed in range(2000))
    assert set(WORN_STYLES) == set(MASK_STYLES)
    for style, share in WORN_STYLES.items():
        assert counts[style] / 2000 == pytest.approx(share / 100, abs=0.03)


@pytest.mark.parametrize("style", MASK_STYLES)
def test_patterns_are_as_frequent_as_they_are_worn(style):
    counts = Counter(chosen(seed, style).pattern for seed in range(600))
    assert 1 - counts["plain"] / 600 == pytest.approx(PATTERNED.get(style, 0) / 100, abs=0.05)
    if PATTERNED.get(style, 0) > 20:
        assert set(counts) == set(MASK_PATTERNS)


def test_what_is_left_open_does_not_depend_on_what_is_named():
    for seed in range(20):
        free = chosen(seed)
        assert chosen(seed, colour="red").style == free.style
        assert chosen(seed, pattern="dots").colour == free.colour
        assert chosen(seed, style=free.style).colour == free.colour
        assert chosen(seed, style=free.style).pattern == free.pattern


def test_straps_are_white_on_light_masks_and_dark_on_dark_ones():
    light, dark = (chosen(2, "surgical", colour, "plain").paint for colour in ("blue", "black"))
    assert light is not None
    assert light.second == NAMED["white"]
    assert dark is not None
    assert dark.second == NAMED["black"]


def test_a_users_mask_is_a_style_with_colours_of_its_own():
    choice = chosen(3, "tiger")
    assert choice == Choice("tiger", "picture", (255, 255, 255), None, TIGER)
    assert all(chosen(seed).own is None for seed in range(50))


@pytest.mark.parametrize("arguments", [{"colour": "red"}, {"pattern": "dots"}])
def test_a_users_mask_cannot_be_dyed(arguments):
    with pytest.raises(InvalidInputError, match="'tiger' is a picture with colours of its own"):
        chosen(1, "tiger", **arguments)


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        ({"style": "lace"}, "no mask style 'lace': choose one of surgical, .*, tiger, or random"),
        ({"pattern": "lace"}, "no mask pattern 'lace': choose one of plain, .*, or random"),
        ({"colour": "lace"}, "no mask colour 'lace': choose one of white, "),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(arguments, known):
    with pytest.raises(InvalidInputError, match=known):
        chosen(1, **arguments)
