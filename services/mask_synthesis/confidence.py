"""How much landmarks and the picture under them look like a face, as a number from 0 to 1.

Landmarks alone cannot tell: a shape regressor answers with a face's shape on any picture, pure
noise too. So the score is the product of two parts. Shape: the deviation from the mean face after
similarity (Procrustes) alignment. Light: whether the places that are dark in faces under any
usual light (eyes, nostrils, gap and corners of the mouth) are darker than their surroundings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.geometry import interocular_distance
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE
from maskmesh.services.mask_synthesis.places import gray_around

Array = NDArray[np.float64]


def shape_deviation(landmarks: NDArray[np.float32]) -> float:
    """Root mean square distance from the mean face, in units of the mean shape's RMS radius.

    Landmarks of one point give 1.0, those of real faces mostly 0.08 to 0.3.
    """
    found, mean = _normalised(landmarks.astype(np.float64)), _normalised(MEAN_SHAPE)
    if not found.any():
        return 1.0
    rotation, spread, other = np.linalg.svd(found.T @ mean)
    signs = np.array([1.0, np.sign(np.linalg.det(rotation @ other))])
    # Least squares residual of two shapes of RMS radius 1 under the best rotation and scale.
    fit = float((spread * signs).sum()) / len(found)
    return float(np.sqrt(max(0.0, 1.0 - min(fit, 1.0) ** 2)))


def _normalised(points: Array) -> Array:
    centred = points - points.mean(axis=0)
    radius = float(np.sqrt((centred**2).sum(axis=1).mean()))
    return np.asarray(centred / radius if radius > 1e-6 else np.zeros_like(centred))


# Groups of places, each the middle of two landmarks.
DARK = {
    "eyes": ((36, 39), (37, 41), (38, 40), (42, 45), (43, 47), (44, 46)),
    "nostrils": ((32, 32), (33, 33), (34, 34)),
    "mouth": ((60, 60), (64, 64), (62, 66)),
}
BRIGHT = {
    "cheeks": ((2, 31), (41, 48), (40, 31), (14, 35), (46, 54), (47, 35)),
    "bridge": ((27, 27), (28, 28), (29, 29)),
    "tip": ((30, 30), (29, 30)),
    "chin": ((57, 8), (58, 7), (56, 9)),
}
# Weights and offset of a logistic regression of 1,500 faces against 2,175 pictures of none (noise,
# backgrounds, faces upside down), landmarks predicted on both.
CONTRASTS = (
    ("eyes", "cheeks", 1.4),
    ("eyes", "bridge", 1.3),
    ("nostrils", "tip", 0.75),
    ("mouth", "chin", 0.35),
    ("mouth", "cheeks", 0.65),
)
OFFSET = -3.9
MAX_CONTRAST = 1.5
MIN_SPREAD = 4.0
# Share of the interocular distance over which a place is averaged.
PLACE_RADIUS = 0.04
# 99 of 100 real faces, turned and tilted ones too, deviate less.
USUAL_DEVIATION = 0.42


def light_contrast(image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> float:
    """Weighted contrast of bright against dark places; positive is more likely a face than not.

    Each contrast counts in standard deviations of all places, at most 1.5 either way.
    """
    groups = DARK | BRIGHT
    pairs = np.array([pair for places in groups.values() for pair in places])
    places = (landmarks[pairs[:, 0]] + landmarks[pairs[:, 1]]) / 2
    values = gray_around(image, places, PLACE_RADIUS * interocular_distance(landmarks))
    ends = np.cumsum([len(places) for places in groups.values()])[:-1]
    means = {
        name: float(part.mean()) for name, part in zip(groups, np.split(values, ends), strict=True)
    }
    spread = max(float(values.std()), MIN_SPREAD)
    evidence = OFFSET
    for dark, bright, weight in CONTRASTS:
        contrast = (means[bright] - means[dark]) / spread
        evidence += weight * min(max(contrast, -MAX_CONTRAST), MAX_CONTRAST)
    return evidence


def fit_confidence(image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> float:
    """Score, 0 to 1, of how much the landmarks and the picture look like a face.

    Args:
        image: uint8, H×W gray or H×W×3 RGB.
        landmarks: (68, 2) x, y in pixels of `image`.
    """
    shape = 1.0 / (1.0 + np.exp((shape_deviation(landmarks) - USUAL_DEVIATION) / 0.04))
    light = 1.0 / (1.0 + np.exp(-light_contrast(image, landmarks)))
    return float(shape * light)
