"""Evaluates an ensemble of regression trees on many faces at a time.

Kazemi & Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees", CVPR 2014,
section 2, as dlib implements it. dlib goes through all trees for one face, so that the leaves of
every face come from main memory; here all faces go through a tree before the next, and its leaves
stay in the processor's cache. A face's result does not depend on the others.

Integers are widened by np.int64: to Numba, int() of an unsigned one is unsigned, and wraps below 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.compiling import compiled, compiled_part
from maskmesh.services.mask_synthesis.predictor_file import Floats, ShapeEnsemble

# Fewer faces go down the trees one by one.
FACES_TO_COMPARE_TOGETHER = 8


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
        np.array([(*picture.shape, 1)[:3] for picture in pictures], np.int64),
        rectangles,
    )
    values = np.empty((ensemble.anchors.shape[1], count), np.uint8)
    reached = np.empty((ensemble.leaves.shape[1], count), np.uint16)
    for cascade in range(len(ensemble.leaves)):
        pixels = _Pixels(ensemble.initial, ensemble.anchors[cascade], ensemble.deltas[cascade])
        _read_values(faces, pixels, shapes, values)
        _find_leaves(ensemble.splits[cascade], ensemble.thresholds[cascade], values, reached)
        _add_leaves(ensemble.leaves[cascade], reached, shapes)
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


@compiled_part
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


@compiled_part
def _brightness(picture: NDArray[np.uint8], x: float, y: float) -> np.int64:
    """Return a picture's brightness at a place of whole numbers; beyond the picture it is 0."""
    height, width, channels = picture.shape
    # Compared before they become integers: a bad predictor's may be too large for one.
    if not (0 <= x < width and 0 <= y < height):
        return np.int64(0)
    row, column = int(y), int(x)
    if channels == 1:
        return np.int64(picture[row, column, 0])
    red, green, blue = picture[row, column, 0], picture[row, column, 1], picture[row, column, 2]
    return (np.int64(red) + np.int64(green) + np.int64(blue)) // 3


@compiled
def _read_values(faces: _Faces, pixels: _Pixels, shapes: Floats, values: NDArray[np.uint8]) -> None:
    """Read the pixels that a cascade compares, into (pixels, faces)."""
    for face in range(len(shapes)):
        height, width, channels = faces.sizes[face]
        flat = faces.values[faces.begins[face] : faces.begins[face + 1]]
        picture = flat.reshape((height, width, channels))
        left, top = faces.rectangles[face, 0], faces.rectangles[face, 1]
        across, down = faces.rectangles[face, 2] - left, faces.rectangles[face, 3] - top
        cosine, sine = _similarity(pixels.initial, shapes[face])
        for pixel in range(len(pixels.anchors)):
            point = pixels.anchors[pixel]
            x_off = cosine * pixels.deltas[pixel, 0] - sine * pixels.deltas[pixel, 1]
            y_off = sine * pixels.deltas[pixel, 0] + cosine * pixels.deltas[pixel, 1]
            x = np.floor(left + across * (x_off + shapes[face, 2 * point]) + 0.5)
            y = np.floor(top + down * (y_off + shapes[face, 2 * point + 1]) + 0.5)
            values[pixel, face] = _brightness(picture, x, y)


@compiled
def _find_leaves(
    splits: NDArray[np.uint16],
    thresholds: NDArray[np.int16],
    values: NDArray[np.uint8],
    reached: NDArray[np.uint16],
) -> None:
    """Find which leaf of each tree each face reaches, into (trees, faces)."""
    trees, nodes = thresholds.shape
    faces = values.shape[1]
    goes_right = np.empty((nodes, faces), np.bool_)
    for tree in range(trees):
        together = faces >= FACES_TO_COMPARE_TOGETHER
        if together:
            # At all nodes, not only at those on the way, but for 32 faces at a time.
            _compare(splits[tree], thresholds[tree], values, goes_right)
        for face in range(faces):
            node = 0
            while node < nodes:
                if together:
                    to_right = goes_right[node, face]
                else:
                    first, second = splits[tree, node]
                    difference = np.int64(values[first, face]) - np.int64(values[second, face])
                    to_right = difference <= thresholds[tree, node]
                node = 2 * node + 1 + int(to_right)
            reached[tree, face] = node - nodes


@compiled_part
def _compare(
    splits: NDArray[np.uint16],
    thresholds: NDArray[np.int16],
    values: NDArray[np.uint8],
    goes_right: NDArray[np.bool_],
) -> None:
    """Compare the pixels of a tree's nodes, into (nodes, faces)."""
    for node in range(len(thresholds)):
        first, second = values[splits[node, 0]], values[splits[node, 1]]
        threshold, outcomes = thresholds[node], goes_right[node]
        for face in range(len(outcomes)):
            # Kept to 16 bits, twice as many of which are compared at a time as of 32.
            difference = np.int16(np.int16(first[face]) - np.int16(second[face]))
            outcomes[face] = difference <= threshold


@compiled
def _add_leaves(leaves: Floats, reached: NDArray[np.uint16], shapes: Floats) -> None:
    """Add leaves in the order of the trees, four at a time: shapes are fetched less often."""
    trees, faces = reached.shape
    in_fours = trees - trees % 4
    for tree in range(0, in_fours, 4):
        for face in range(faces):
            shape = shapes[face]
            first = leaves[tree, reached[tree, face]]
            second = leaves[tree + 1, reached[tree + 1, face]]
            third = leaves[tree + 2, reached[tree + 2, face]]
            fourth = leaves[tree + 3, reached[tree + 3, face]]
            for at in range(len(shape)):
                shape[at] = (((shape[at] + first[at]) + second[at]) + third[at]) + fourth[at]
    for tree in range(in_fours, trees):
        for face in range(faces):
            shape, leaf = shapes[face], leaves[tree, reached[tree, face]]
            for at in range(len(shape)):
                shape[at] += leaf[at]
