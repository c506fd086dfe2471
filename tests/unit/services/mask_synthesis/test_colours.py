from __future__ import annotations

import colorsys
from collections import Counter

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.colours import (
    MASK_COLOURS,
    NAMED,
    WORN,
    by_share,
    contrasting,
    hex_colour,
    luminance,
    near,
    parse_colour,
    random_colour,
)
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.runtime.errors import InvalidInputError


@pytest.mark.parametrize("name", MASK_COLOURS)
def test_names_are_colours_and_hex_is_read_back(name):
    colour = parse_colour(name)
    assert colour == NAMED[name]
    assert parse_colour(hex_colour(colour)) == colour


def test_hex_is_read_in_either_case():
    assert parse_colour("#a01830") == parse_colour("#A01830") == (160, 24, 48)
    assert hex_colour((160, 24, 8)) == "#a01808"


@pytest.mark.parametrize("text", ["rot", "", "#12345", "#1234567", "a01830", "#gg0000", "White"])
def test_anything_else_is_refused_with_the_names(text):
    with pytest.raises(InvalidInputError, match=r"white, black, .*or give #rrggbb"):
        parse_colour(text)


@pytest.mark.parametrize("style", MASK_STYLES)
def test_chance_draws_what_is_worn(style):
    random = np.random.default_rng(5)
    drawn = [random_colour(style, random) for _ in range(1500)]
    # Few stray so far that another name becomes the nearest.
    nearest = Counter(
        min(WORN[style], key=lambda name: np.abs(np.subtract(NAMED[name], colour)).sum())
        for colour in drawn
    )
    total = sum(WORN[style].values())
    for name, share in WORN[style].items():
        assert nearest[name] / 1500 == pytest.approx(share / total, abs=0.08)
    assert len(set(drawn)) > 400


def test_chance_colours_stray_a_little_from_their_name():
    random = np.random.default_rng(1)
    blues = [random_colour("surgical", random) for _ in range(300)]
    hues = [colorsys.rgb_to_hsv(*(part / 255 for part in colour)) for colour in blues]
    spread = np.std([hsv for hsv in hues if 0.5 < hsv[0] < 0.6 and hsv[1] > 0.2], axis=0)
    assert (spread > [0.002, 0.01, 0.01]).all()
    assert (spread < [0.02, 0.1, 0.1]).all()


def test_the_same_generator_gives_the_same_colours():
    first, second = (
        [random_colour("cloth", random) for _ in range(5)]
        for random in (np.random.default_rng(3), np.random.default_rng(3))
    )
    assert first == second


@pytest.mark.parametrize("name", MASK_COLOURS)
@pytest.mark.parametrize("choice", [0.0, 0.5, 0.999])
def test_patterns_stand_out(name, choice):
    assert abs(luminance(contrasting(NAMED[name], choice)) - luminance(NAMED[name])) > 60


@pytest.mark.parametrize("name", MASK_COLOURS)
def test_near_colours_are_another_shade(name):
    difference = luminance(near(NAMED[name])) - luminance(NAMED[name])
    assert 20 < abs(difference) < 110
    assert max(near(NAMED[name])) <= 255


def test_by_share_walks_over_the_names():
    shares = {"a": 1, "b": 3}
    assert [by_share(place, shares) for place in (0.0, 0.24, 0.26, 0.99)] == ["a", "a", "b", "b"]
    with pytest.raises(ValueError, match="not under 1"):
        by_share(1.0, shares)
