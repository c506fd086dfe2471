from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from maskmesh.clients.streaming.palette import EXPRESSION_COLOURS, PAPER, hexadecimal, ink_on

# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear R, G, B.
DEFICIENCIES = {
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
}


def linear(colour):
    rgb = np.array(colour[::-1]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("deficiency", [None, *DEFICIENCIES])
def test_colours_differ_clearly_also_for_colour_blind_people(deficiency):
    seen = np.eye(3) if deficiency is None else np.array(DEFICIENCIES[deficiency])
    colours = {name: lab(seen @ linear(colour)) for name, colour in EXPRESSION_COLOURS.items()}
    distances = {
        (a, b): float(np.linalg.norm(colours[a] - colours[b])) for a, b in combinations(colours, 2)
    }
    assert min(distances.values()) > 10, min(distances, key=lambda pair: distances[pair])


def test_text_on_every_colour_can_be_read():
    def luminance(colour):
        return float(np.dot((0.2126, 0.7152, 0.0722), linear(colour)))

    for colour in EXPRESSION_COLOURS.values():
        low, high = sorted((luminance(colour), luminance(ink_on(colour))))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_colours_are_written_red_first():
    assert hexadecimal((1, 2, 255)) == "#ff0201"
    assert hexadecimal(PAPER) == "#ffffff"
