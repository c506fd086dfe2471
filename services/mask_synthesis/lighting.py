"""Light on a face, read off its skin where the mask will be, so that the mask can be lit alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.geometry import interocular_distance
from maskmesh.services.mask_synthesis.overlay import WarpedMask
from maskmesh.services.mask_synthesis.places import gray_around, places_between

# Pairs of landmarks whose middles lie on skin under a mask: on the left and on the right cheek,
# beside the nose, on the upper lip, on the chin.
CHEEKS = ((2, 31), (3, 31), (3, 48), (4, 48), (1, 31), (14, 35), (13, 35), (13, 54), (12, 54))
SKIN = np.array((*CHEEKS, (15, 35), (5, 48), (11, 54), (33, 51), (57, 8), (58, 7), (56, 9)))
RADIUS = 0.06
# Gray value of skin under which a mask keeps its drawn brightness, and the darkest that counts.
USUAL_SKIN = 150.0
DARKEST, BRIGHTEST = 0.2, 1.3
# Shares of a difference in brightness, and of its change over the face, that the mask follows:
# skin is curved, and some of it bearded; fabric less so.
FOLLOWED = 0.55
FOLLOWED_CHANGE = 0.75
# Values further from their median than this factor are beard, teeth or a hand.
MOST_UNLIKE = 1.6
# Change per interocular distance; a mask is about two of them wide. More is a border of shadow.
MAX_SLOPE = 0.24
# Draws slopes to none where the places lie too close together to tell.
RIDGE = 0.02
# White masks would lose their folds above it.
MAX_GAIN = 1.06
MIN_GAIN = 0.12
# Gains are computed at few nodes and kept in bytes: 1.0 is UNIT.
NODES = 8
UNIT = 200.0


@dataclass(frozen=True, slots=True)
class Lighting:
    """Brightness factors for a mask: a plane over the picture.

    Attributes:
        level: Factor at `centre`; about 1 on a well lit face.
        across: Change of the factor per pixel to the right.
        down: Change of the factor per pixel down.
        centre: x, y in pixels.
    """

    level: float
    across: float
    down: float
    centre: tuple[float, float]

    def gain(self, x: float, y: float) -> float:
        """Brightness factor at a place of the picture."""
        return float(self._bounded(np.array(self._plane(x, y))))

    def nodes(self, mask: WarpedMask) -> NDArray[np.float64]:
        """Factors on a NODES×NODES grid over a mask's crop, at the middles of its cells."""
        rows, columns = mask.pixels.shape[:2]
        share = (np.arange(NODES) + 0.5) / NODES
        plane = self._plane(mask.left + share * columns, mask.top + share[:, None] * rows)
        return self._bounded(plane)

    def _plane(self, x: Any, y: Any) -> Any:
        right, below = x - self.centre[0], y - self.centre[1]
        return self.level + self.across * right + self.down * below

    def _bounded(self, gains: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.minimum(np.maximum(gains, MIN_GAIN), MAX_GAIN)


def face_lighting(
    image: NDArray[np.uint8], landmarks: NDArray[np.float32], jitter: float = 1.0
) -> Lighting:
    """Brightness factors for a mask on this face: the mean and the slope of the light on its skin.

    Args:
        image: uint8, H×W gray or H×W×3 RGB.
        landmarks: (68, 2) x, y in pixels.
        jitter: Factor on all, for variety.
    """
    interocular = interocular_distance(landmarks)
    places = places_between(landmarks, SKIN)
    values = gray_around(image, places, RADIUS * interocular).tolist()
    x, y = places.T.tolist()
    middle = sorted(values)[len(values) // 2]
    kept = [min(max(value, middle / MOST_UNLIKE), middle * MOST_UNLIKE) for value in values]
    level, centre = sum(kept) / len(kept), (sum(x) / len(x), sum(y) / len(y))
    slopes = _slopes(
        [(value - centre[0]) / interocular for value in x],
        [(value - centre[1]) / interocular for value in y],
        [value / max(level, 20.0) - 1.0 for value in kept],
    )
    steep = math.hypot(*slopes) * FOLLOWED_CHANGE
    followed = FOLLOWED_CHANGE * min(1.0, MAX_SLOPE / max(steep, 1e-9))
    bright = min(max(level / USUAL_SKIN, DARKEST), BRIGHTEST)
    gain = min((1.0 - FOLLOWED + FOLLOWED * bright) * jitter, MAX_GAIN)
    change = gain * followed / interocular
    return Lighting(gain, slopes[0] * change, slopes[1] * change, centre)


def lit(mask: WarpedMask, lighting: Lighting) -> WarpedMask:
    """Scale the brightness of a coloured, warped mask by the light on the face."""
    rows, columns = mask.pixels.shape[:2]
    nodes = np.full((NODES, NODES, 4), UNIT, dtype=np.uint8)
    nodes[..., :3] = np.rint(lighting.nodes(mask) * UNIT)[..., None]
    gains = cv2.resize(nodes, (columns, rows), interpolation=cv2.INTER_LINEAR)
    pixels: Any = cv2.multiply(mask.pixels, gains, scale=1.0 / UNIT)
    return WarpedMask(np.asarray(pixels, dtype=np.uint8), mask.left, mask.top)


def _slopes(x: list[float], y: list[float], values: list[float]) -> tuple[float, float]:
    """Slopes, across and down, of the plane through (x, y, value) by least squares; means are 0."""
    xx = sum(value * value for value in x) + RIDGE * len(x)
    yy = sum(value * value for value in y) + RIDGE * len(x)
    xy = sum(one * other for one, other in zip(x, y, strict=True))
    xv = sum(one * other for one, other in zip(x, values, strict=True))
    yv = sum(one * other for one, other in zip(y, values, strict=True))
    # The ridge keeps it above 0.
    scale = 1.0 / (xx * yy - xy * xy)
    return (xv * yy - yv * xy) * scale, (yv * xx - xv * xy) * scale
