"""Reads dlib's file of a shape predictor (Kazemi & Sullivan, CVPR 2014) into arrays.

The format is dlib's serialisation, version 1: integers as a byte of length and sign and then their
bytes, the lowest first; numbers with a fraction as two integers, mantissa and exponent of two
(32000 and above for infinity and for what is no number, which no predictor has).
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.compiling import compiled, compiled_part

VERSION = 1
MOST_BYTES = 1 << 30
MOST_NODES = (1 << 16) - 1
MOST_PIXELS = 1 << 16
MOST_DIFFERENCE = 255
_LENGTH, _SIGN = 0x0F, 0x80

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ShapeEnsemble:
    """A cascade of C ensembles of T trees each, D levels deep, over P points.

    Attributes:
        initial: float32 (P, 2): the shape to begin with, in shares of the face's rectangle.
        anchors: int32 (C, F): the point that each of F pixels to compare is near.
        deltas: float32 (C, F, 2): where it lies from there, in the initial shape's frame.
        splits: uint16 (C, T, 2**D - 1, 2): which two pixels a node compares.
        thresholds: int16 (C, T, 2**D - 1): with a larger difference of the two it goes left.
        leaves: float32 (C, T, 2**D, 2 P): what a leaf adds to the shape, x and y in turn.
    """

    initial: Floats
    anchors: NDArray[np.int32]
    deltas: Floats
    splits: NDArray[np.uint16]
    thresholds: NDArray[np.int16]
    leaves: Floats


def read_ensemble(path: Path) -> ShapeEnsemble:
    """Read a predictor.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is none of dlib's shape predictors, or is damaged.
    """
    if not 0 < path.stat().st_size < MOST_BYTES:
        raise ValueError(f"{path.stat().st_size:,} bytes are no shape predictor")
    # Mapped, so that no process has 100 MB more while it reads.
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    data = np.frombuffer(mapped, np.uint8)
    begin, points, cascades, trees, nodes = _sizes(data)
    initial = np.empty((points // 2, 2), np.float32)
    splits = np.empty((cascades, trees, nodes, 2), np.int32)
    thresholds = np.empty((cascades, trees, nodes), np.float32)
    added = np.empty((cascades, trees, nodes + 1, points), np.float32)
    place = _read_initial(data, begin, initial)
    for cascade in range(cascades):
        place = _read_forest(data, place, splits[cascade], thresholds[cascade], added[cascade])
        _forget(mapped, place)
    anchors, deltas, place = _read_pixels(data, place, cascades)
    if place != len(data):
        raise ValueError("it is cut short, or something follows it")
    _check_indices(splits, anchors, points // 2)
    _check_finite(initial, thresholds, added, deltas)
    # Pixels are whole numbers, so their differences exceed a threshold as they exceed its floor.
    whole = np.floor(thresholds).clip(-MOST_DIFFERENCE - 1, MOST_DIFFERENCE).astype(np.int16)
    return ShapeEnsemble(initial, anchors, deltas, splits.astype(np.uint16), whole, added)


def _sizes(data: Bytes) -> tuple[int, int, int, int, int]:
    """Return where the initial shape begins, its values, cascades, trees and nodes of each."""
    head, begin = _head(data)
    version, points, cascades, trees, nodes, leaves, leaf = (int(value) for value in head)
    plausible = (
        version == VERSION
        and points > 0
        and points % 2 == 0
        and leaf == points
        and leaves == nodes + 1
        and nodes <= MOST_NODES
        and min(cascades, trees, nodes) > 0
        # Every number takes a byte at least.
        and cascades * trees * leaves * leaf < len(data)
    )
    if not plausible:
        raise ValueError("it does not begin as dlib's shape predictors do")
    return begin, points, cascades, trees, nodes


def _check_indices(splits: NDArray[np.int32], anchors: NDArray[np.int32], points: int) -> None:
    if anchors.min() < 0 or anchors.max() >= points:
        raise ValueError("it names points that it does not have")
    if splits.min() < 0 or splits.max() >= min(anchors.shape[1], MOST_PIXELS):
        raise ValueError("it compares pixels that it does not have")


def _check_finite(*parts: Floats) -> None:
    for part in parts:
        # The extremes, as isfinite of all leaves would take memory.
        if not np.isfinite([part.min(), part.max()]).all():
            raise ValueError("it has infinite numbers, or what is no number")


def _forget(mapped: mmap.mmap, place: int) -> None:
    """Give back the memory of what lies before a place; if asked for, it is read again."""
    pages = place // mmap.PAGESIZE
    if pages > 0 and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED, 0, pages * mmap.PAGESIZE)


@compiled_part
def _integer(data: Bytes, place: int) -> tuple[np.int64, int]:
    if place < 0 or place >= len(data):
        return np.int64(0), -1
    control = data[place]
    length = control & _LENGTH
    if length < 1 or length > 8 or place + length >= len(data):
        return np.int64(0), -1
    value = np.int64(0)
    for index in range(length):
        value |= np.int64(data[place + 1 + index]) << (8 * index)
    return (-value if control & _SIGN else value), place + 1 + length


@compiled_part
def _number(data: Bytes, place: int) -> tuple[np.float32, int]:
    mantissa, place = _integer(data, place)
    exponent, place = _integer(data, place)
    return np.float32(mantissa * 2.0**exponent), place


@compiled
def _head(data: Bytes) -> tuple[NDArray[np.int64], int]:
    """Return version, values of a shape, cascades, trees, nodes, leaves, values of a leaf."""
    head = np.zeros(7, np.int64)
    head[0], begin = _integer(data, 0)
    rows, place = _integer(data, begin)
    columns, place = _integer(data, place)
    head[1] = rows * columns
    for _ in range(min(head[1], len(data))):
        _, place = _number(data, place)
    for index in range(2, 5):
        head[index], place = _integer(data, place)
    for _ in range(min(head[4], len(data))):
        _, place = _integer(data, place)
        _, place = _integer(data, place)
        _, place = _number(data, place)
    head[5], place = _integer(data, place)
    rows, place = _integer(data, place)
    columns, place = _integer(data, place)
    head[6] = rows * columns
    return head, begin


@compiled
def _read_initial(data: Bytes, place: int, initial: Floats) -> int:
    """Read the initial shape, and return where the first cascade begins."""
    _, place = _integer(data, place)
    _, place = _integer(data, place)
    for point in range(initial.shape[0]):
        for axis in range(2):
            initial[point, axis], place = _number(data, place)
    _, place = _integer(data, place)
    return place


@compiled
def _read_forest(
    data: Bytes, place: int, splits: NDArray[np.int32], thresholds: Floats, leaves: Floats
) -> int:
    trees, nodes = thresholds.shape
    count, place = _integer(data, place)
    if count != trees:
        return -1
    for tree in range(trees):
        count, place = _integer(data, place)
        if count != nodes:
            return -1
        for node in range(nodes):
            splits[tree, node, 0], place = _integer(data, place)
            splits[tree, node, 1], place = _integer(data, place)
            thresholds[tree, node], place = _number(data, place)
        count, place = _integer(data, place)
        if count != nodes + 1:
            return -1
        for leaf in range(nodes + 1):
            rows, place = _integer(data, place)
            columns, place = _integer(data, place)
            if rows * columns != leaves.shape[2]:
                return -1
            for value in range(leaves.shape[2]):
                leaves[tree, leaf, value], place = _number(data, place)
    return place


@compiled
def _read_pixels(data: Bytes, place: int, cascades: int) -> tuple[NDArray[np.int32], Floats, int]:
    count, place = _integer(data, place)
    pixels, _ = _integer(data, place)
    # Every number takes a byte at least.
    if count != cascades or pixels < 1 or pixels > len(data) // cascades:
        return np.zeros((1, 1), np.int32), np.zeros((1, 1, 2), np.float32), -1
    anchors = np.zeros((cascades, pixels), np.int32)
    deltas = np.zeros((cascades, pixels, 2), np.float32)
    for cascade in range(cascades):
        count, place = _integer(data, place)
        if count != pixels:
            return anchors, deltas, -1
        for pixel in range(pixels):
            anchors[cascade, pixel], place = _integer(data, place)
    count, place = _integer(data, place)
    for cascade in range(cascades):
        count, place = _integer(data, place)
        if count != pixels:
            return anchors, deltas, -1
        for pixel in range(pixels):
            for axis in range(2):
                deltas[cascade, pixel, axis], place = _number(data, place)
    return anchors, deltas, place
