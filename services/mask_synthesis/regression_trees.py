"""Evaluates an ensemble of regression trees on many faces at a time.

Kazemi & Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees", CVPR 2014,
section 2, as dlib implements it. dlib goes through all trees for one face, so that the leaves of
every face come from main memory; here all faces go through a tree before the next, and its leaves
stay in the processor's cache. A face's result does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.predictor_file import Floats, ShapeEnsemble

FEW = 6
"""Faces from which on a level of a tree is worth doing for all of them."""


def evaluate(
    ensemble: ShapeEnsemble, pictures: Sequence[NDArray[np.uint8]], rectangles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find the shapes of faces.

    Args:
        ensemble: P points.
        pictures: N pictures, uint8 H×W or H×W×3, of any sizes, with a face in each.
        rectangles: float64 (N, 4): left, top, right, bottom of each face in pixels, the last ones
            included.

    Returns:
        float64 (N, P, 2): x, y in pixels of each picture.
    """
    count, points = len(pictures), len(ensemble.initial)
    shapes = np.tile(ensemble.initial.reshape(1, 2 * points), (count, 1))
    faces = _Faces(
        np.concatenate([picture.ravel() for picture in pictures]),
        np.concatenate([[0], np.cumsum([picture.size for picture in pictures])]),
        np.array([(*picture.shape, 1)[:3] for picture in pictures], np.int64).reshape(-1, 3),
        rectangles,
    )
    values = np.empty((count, ensemble.anchors.shape[1]), np.float32)
    for cascade in range(len(ensemble.leaves)):
        pixels = _Pixels(ensemble.initial, ensemble.anchors[cascade], ensemble.deltas[cascade])
        _read_values(faces, pixels, shapes, values)
        _add_leaves(
            ensemble.splits[cascade],
            ensemble.thresholds[cascade],
            ensemble.leaves[cascade],
            values,
            shapes,
        )
    corners, spans = rectangles[:, None, :2], rectangles[:, None, 2:] - rectangles[:, None, :2]
    return np.asarray(corners + shapes.reshape(count, points, 2).astype(np.float64) * spans)


class _Faces(NamedTuple):
    """Pictures one after the other, where each begins, their H, W and channels, the rectangles."""

    values: NDArray[np.uint8]
    begins: NDArray[np.int64]
    sizes: NDArray[np.int64]
    rectangles: NDArray[np.float64]


class _Pixels(NamedTuple):
    """Which pixels a cascade compares; see `ShapeEnsemble`."""

    initial: Floats
    anchors: NDArray[np.int32]
    deltas: Floats


@njit(nogil=True)
def _read_values(faces: _Faces, pixels: _Pixels, shapes: Floats, values: Floats) -> None:
    """Read the pixels that a cascade compares; beyond the picture they are 0."""
    for face in range(len(shapes)):
        height, width, channels = faces.sizes[face]
        left, top = faces.rectangles[face, 0], faces.rectangles[face, 1]
        across, down = faces.rectangles[face, 2] - left, faces.rectangles[face, 3] - top
        cosine, sine = _similarity(pixels.initial, shapes[face])
        for pixel in range(len(pixels.anchors)):
            point = pixels.anchors[pixel]
            x_off = cosine * pixels.deltas[pixel, 0] - sine * pixels.deltas[pixel, 1]
            y_off = sine * pixels.deltas[pixel, 0] + cosine * pixels.deltas[pixel, 1]
            x = int(np.floor(left + across * (x_off + shapes[face, 2 * point]) + 0.5))
            y = int(np.floor(top + down * (y_off + shapes[face, 2 * point + 1]) + 0.5))
            value = np.int64(0)
            if 0 <= x < width and 0 <= y < height:
                place = faces.begins[face] + (y * width + x) * channels
                for channel in range(channels):
                    value += np.int64(faces.values[place + channel])
                value //= channels
            values[face, pixel] = value


@njit(nogil=True)
def _similarity(initial: Floats, shape: Floats) -> tuple[np.float32, np.float32]:
    """Return turn and scale, as cosine and sine times scale, from one shape to another."""
    points = len(initial)
    from_x = from_y = to_x = to_y = 0.0
    for point in range(points):
        from_x += initial[point, 0]
        from_y += initial[point, 1]
        to_x += shape[2 * point]
        to_y += shape[2 * point + 1]
    from_x, from_y, to_x, to_y = from_x / points, from_y / points, to_x / points, to_y / points
    along = across = size = 0.0
    for point in range(points):
        x, y = initial[point, 0] - from_x, initial[point, 1] - from_y
        u, v = shape[2 * point] - to_x, shape[2 * point + 1] - to_y
        along += x * u + y * v
        across += x * v - y * u
        size += x * x + y * y
    return np.float32(along / size), np.float32(across / size)


@njit(nogil=True)
def _add_leaves(
    splits: NDArray[np.int32], thresholds: Floats, leaves: Floats, values: Floats, shapes: Floats
) -> None:
    """Let every face go through every tree, and add the leaf that it comes to."""
    nodes = thresholds.shape[1]
    node_of = np.empty(len(shapes), np.int32)
    for tree in range(len(thresholds)):
        if len(shapes) < FEW:
            for face in range(len(shapes)):
                node_of[face] = _descend(splits[tree], thresholds[tree], values[face])
        else:
            _descend_together(splits[tree], thresholds[tree], values, node_of)
        for face in range(len(shapes)):
            leaf, shape = leaves[tree, node_of[face] - nodes], shapes[face]
            for value in range(len(shape)):
                shape[value] += leaf[value]


@njit(nogil=True)
def _descend(split: NDArray[np.int32], threshold: Floats, values: Floats) -> int:
    # A processor that guesses the way fetches leaves early.
    node = 0
    while node < len(threshold):
        goes_left = values[split[node, 0]] - values[split[node, 1]] > threshold[node]
        node = 2 * node + 1 if goes_left else 2 * node + 2
    return node


@njit(nogil=True)
def _descend_together(
    split: NDArray[np.int32], threshold: Floats, values: Floats, node_of: NDArray[np.int32]
) -> None:
    # Level by level without branches, which would be guessed wrongly half of the time.
    node_of[:] = 0
    levels = len(threshold)
    while levels > 0:
        for face in range(len(node_of)):
            node = node_of[face]
            first, second = split[node, 0], split[node, 1]
            goes_left = values[face, first] - values[face, second] > threshold[node]
            node_of[face] = 2 * node + 2 - np.int32(goes_left)
        levels >>= 1
