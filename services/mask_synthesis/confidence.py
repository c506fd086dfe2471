"""How well landmarks fit a face, as a number from 0 to 1, and below which number a fit is bad.

Landmarks alone cannot tell: a shape regressor answers with a face's shape on any picture, pure
noise too. So gray values around the landmarks, and how their shape differs from the mean face,
give by a linear map the error that is to be expected. The map was learnt from how much a predictor
disagrees with itself on the mirrored and on the shifted picture, which goes with its true error
(Yang & Patras, "Mirror, mirror on the wall, tell me, is the error small?", CVPR 2015), and which is
far too slow to be computed for every face. `maskmesh bench fit-score` learns and measures it.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.fit_weights import GRAY, OFFSET, SHAPE
from maskmesh.services.mask_synthesis.geometry import interocular_distance
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE
from maskmesh.services.mask_synthesis.places import gray_around, places_between

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

BAD_FIT = 0.5
"""Fit score below which a mask would sit badly, or where there is no face."""
# Where gray values are read: at every landmark, and in eyes, on cheeks, lips, chin and brow.
_BETWEEN = (
    (36, 39), (37, 41), (38, 40), (42, 45), (43, 47), (44, 46), (62, 66), (2, 31), (41, 48),
    (40, 31), (14, 35), (46, 54), (47, 35), (29, 30), (57, 8), (58, 7), (56, 9), (19, 37), (24, 44),
    (21, 22), (3, 48), (13, 54), (4, 48), (12, 54), (33, 51), (5, 59), (11, 55), (1, 36), (15, 45),
    (39, 27), (42, 27), (48, 31), (54, 35),
)  # fmt: skip
PAIRS = np.array([*((index, index) for index in range(len(MEAN_SHAPE))), *_BETWEEN])
# Expected error, in shares of the interocular distance, of a face whose score is BAD_FIT, and by
# which factor the odds of a good fit fall to a third.
BAD_ERROR = 0.11
ODDS_FACTOR = 1.4
# Share of the interocular distance over which a place is averaged.
PLACE_RADIUS = 0.05
MIN_SPREAD = 4.0
MIN_INTEROCULAR = 2.0
# 99 of 100 real faces, turned and tilted ones too, deviate less.
USUAL_DEVIATION = 0.42
DEVIATION_SCALE = 0.04


def _as_complex(points: NDArray[np.floating]) -> Complex:
    return np.ascontiguousarray(points, dtype=np.float64).view(np.complex128)[:, 0]


def _normalised(points: Complex) -> Complex:
    """Centre points and scale them to a root mean square radius of 1; one point gives zeros."""
    centred = points - points.sum() / len(points)
    radius = math.sqrt(float(np.vdot(centred, centred).real) / len(centred))
    return centred / radius if radius > 1e-6 else np.zeros_like(centred)


_MEAN = _normalised(_as_complex(MEAN_SHAPE))


def aligned_shape(landmarks: NDArray[np.float32]) -> tuple[Complex, float]:
    """Turn and scale landmarks onto the mean face (Procrustes; points as complex numbers).

    Returns:
        Differences from the mean face (68,), and their root mean square under the best scale, both
        in units of the mean face's RMS radius. Landmarks of one point deviate by 1.0, those of real
        faces mostly by 0.08 to 0.3.
    """
    found = _normalised(_as_complex(landmarks))
    match = complex(np.vdot(found, _MEAN)) / len(found)
    deviation = math.sqrt(max(0.0, 1.0 - min(abs(match), 1.0) ** 2))
    return found * cmath.exp(1j * cmath.phase(match)) - _MEAN, deviation


def shape_deviation(landmarks: NDArray[np.float32]) -> float:
    """Root mean square distance from the mean face; see `aligned_shape`."""
    return aligned_shape(landmarks)[1]


def gray_features(image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> Array:
    """Gray values at the places of PAIRS, without their mean, in standard deviations (N,)."""
    radius = PLACE_RADIUS * max(interocular_distance(landmarks), MIN_INTEROCULAR)
    values = gray_around(image, places_between(landmarks, PAIRS), radius)
    centred = values - values.sum() / len(values)
    spread = math.sqrt(float(centred @ centred) / len(centred))
    return np.asarray(centred / max(spread, MIN_SPREAD), dtype=np.float64)


def expected_error(image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> float:
    """Mean error of the landmarks that is to be expected, in shares of the interocular distance.

    Args:
        image: uint8, H×W gray or H×W×3 RGB.
        landmarks: (68, 2) x, y in pixels of `image`.
    """
    return _error(image, landmarks, aligned_shape(landmarks)[0])


def fit_confidence(image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> float:
    """Score, 0 to 1, of how well landmarks fit the face; below BAD_FIT the fit is bad.

    Args:
        image: uint8, H×W gray or H×W×3 RGB.
        landmarks: (68, 2) x, y in pixels of `image`.
    """
    differences, deviation = aligned_shape(landmarks)
    odd = (deviation - USUAL_DEVIATION) / DEVIATION_SCALE
    doubt = math.log(_error(image, landmarks, differences) / BAD_ERROR) / math.log(ODDS_FACTOR)
    return 1.0 / (1.0 + math.exp(odd)) / (1.0 + math.exp(doubt))


def _error(image: NDArray[np.uint8], landmarks: NDArray[np.float32], differences: Complex) -> float:
    gray = float(gray_features(image, landmarks) @ GRAY)
    shape = float(differences.view(np.float64) @ SHAPE)
    # No landmarks are further off than the whole face, or nearer than a hair.
    return math.exp(min(max(OFFSET + gray + shape, -5.0), 0.0))
