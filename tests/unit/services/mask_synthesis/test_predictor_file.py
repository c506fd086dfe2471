from __future__ import annotations

from collections.abc import Iterable

import dlib
import numpy as np
import pytest

from maskmesh.services.mask_synthesis.landmarks import shipped_predictor_path
from maskmesh.services.mask_synthesis.predictor_file import read_ensemble
from maskmesh.services.mask_synthesis.regression_trees import evaluate

POINTS, CASCADES, TREES, NODES, PIXELS = 2, 2, 3, 3, 4


def integer(value: int) -> bytes:
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def number(value: float) -> bytes:
    """dlib's float: 24 bits of mantissa, and its marks of what is no number."""
    if not np.isfinite(value):
        return integer(0) + integer(32002 if np.isnan(value) else 32000)
    mantissa, exponent = np.frexp(value)
    return integer(int(mantissa * 2**24)) + integer(int(exponent) - 24)


def matrix(rows: int, columns: int, values: Iterable[float]) -> bytes:
    return integer(-rows) + integer(-columns) + b"".join(map(number, values))


def predictor_bytes(
    *,
    last_pixel: int = PIXELS - 1,
    last_point: int = POINTS - 1,
    last_value: float = 0.25,
    threshold: float = 3.75,
    pixels: int = PIXELS,
) -> bytes:
    """A small predictor as dlib writes it, sound but for what is given."""
    node = integer(0) + integer(last_pixel) + number(threshold)
    leaf = matrix(2 * POINTS, 1, [0.125, -0.5, 0.0, last_value])
    tree = integer(NODES) + NODES * node + integer(NODES + 1) + (NODES + 1) * leaf
    anchors = integer(pixels) + (PIXELS - 1) * integer(0) + integer(last_point)
    deltas = integer(PIXELS) + PIXELS * (number(0.375) + number(-1.5))
    return b"".join(
        [
            integer(1),
            matrix(2 * POINTS, 1, [0.0, 0.5, 1.0, 0.75]),
            integer(CASCADES) + CASCADES * (integer(TREES) + TREES * tree),
            integer(CASCADES) + CASCADES * anchors,
            integer(CASCADES) + CASCADES * deltas,
        ]
    )


@pytest.fixture
def read(tmp_path):
    """Reads a predictor from bytes."""

    def read(data: bytes):
        (tmp_path / "x.dat").write_bytes(data)
        return read_ensemble(tmp_path / "x.dat")

    return read


def test_the_shipped_predictor_is_read_whole():
    ensemble = read_ensemble(shipped_predictor_path())
    assert ensemble.initial.shape == (68, 2)
    assert ensemble.leaves.shape == (15, 500, 16, 136)
    assert ensemble.splits.shape == (15, 500, 15, 2)
    assert ensemble.anchors.shape == ensemble.deltas.shape[:2]
    # The mean face fills its rectangle, and each tree adds little.
    assert 0 < ensemble.initial.min() < ensemble.initial.max() < 1.1
    assert np.abs(ensemble.leaves).max() < 0.5


def test_numbers_are_read_as_they_were_written(read, tmp_path):
    ensemble = read(predictor_bytes())
    assert ensemble.initial.tolist() == [[0.0, 0.5], [1.0, 0.75]]
    assert ensemble.leaves.shape == (CASCADES, TREES, NODES + 1, 2 * POINTS)
    assert (ensemble.leaves == np.array([0.125, -0.5, 0.0, 0.25])).all()
    assert ensemble.splits.shape == (CASCADES, TREES, NODES, 2)
    assert (ensemble.splits == np.array([0, PIXELS - 1])).all()
    assert ensemble.anchors.tolist() == CASCADES * [[0, 0, 0, POINTS - 1]]
    assert ensemble.deltas.shape == (CASCADES, PIXELS, 2)
    assert (ensemble.deltas == np.array([0.375, -1.5])).all()
    # dlib takes the file, too.
    dlib.shape_predictor(str(tmp_path / "x.dat"))


@pytest.mark.parametrize(
    ("threshold", "whole"),
    [(3.75, 3), (3.0, 3), (-3.75, -4), (-0.0, 0), (1e9, 255), (-1e9, -256)],
)
def test_thresholds_become_whole_and_mean_the_same(read, threshold, whole):
    thresholds = read(predictor_bytes(threshold=threshold)).thresholds
    assert (thresholds == whole).all()
    differences = np.arange(-255, 256)
    assert ((differences > whole) == (differences > threshold)).all()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ({"last_pixel": PIXELS}, "compares pixels that it does not have"),
        ({"last_pixel": -1}, "compares pixels that it does not have"),
        ({"last_point": POINTS}, "names points that it does not have"),
        ({"last_value": np.nan}, "what is no number"),
        ({"last_value": np.inf}, "what is no number"),
        ({"threshold": np.inf}, "infinite numbers"),
        ({"threshold": np.nan}, "what is no number"),
        # As many as would take all memory.
        ({"pixels": 1 << 40}, "cut short"),
        ({"pixels": PIXELS + 1}, "cut short"),
    ],
)
def test_damage_is_named(read, damage, says):
    with pytest.raises(ValueError, match=says):
        read(predictor_bytes(**damage))


def test_a_file_that_is_cut_short_anywhere_is_refused(read):
    whole = predictor_bytes()
    for length in range(len(whole)):
        with pytest.raises(ValueError, match=r"predictor|cut short"):
            read(whole[:length])


def test_what_follows_the_predictor_is_refused(read):
    with pytest.raises(ValueError, match="something follows it"):
        read(predictor_bytes() + b"\x01\x01")


def test_a_damaged_byte_is_refused_or_harmless(read):
    whole = predictor_bytes()
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (20, 20), np.uint8)
    rectangle = np.array([[2.0, 2.0, 17.0, 17.0]])
    refused = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= int(random.integers(1, 256))
        try:
            ensemble = read(bytes(damaged))
        except ValueError:
            refused += 1
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                evaluate(ensemble, [picture], rectangle)
    assert 0 < refused < len(whole)


@pytest.mark.parametrize("seed", range(20))
def test_anything_else_is_refused(read, seed):
    with pytest.raises(ValueError, match="predictor"):
        read(np.random.default_rng(seed).integers(0, 256, 5000, np.uint8).tobytes())
