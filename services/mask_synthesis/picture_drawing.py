"""Pictures of masks, redrawn as a turned head would wear them, like the drawn styles.

The picture is taken for the mask as seen from the front, around a head that is a cylinder; see
`canvas`. Turned drawings come from moving its columns.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.canvas import Canvas, Margins
from maskmesh.services.mask_synthesis.drawing import DrawnMask, drawn_corners
from maskmesh.services.mask_synthesis.pivots import map_points
from maskmesh.services.mask_synthesis.user_masks import UserMask

# What a picture holds further beyond its anchors, in shares of their distances, is left out.
MAX_MARGIN = 0.6
KEPT_DRAWINGS = 32


@lru_cache(maxsize=KEPT_DRAWINGS)
def drawn_picture(mask: UserMask, turn: int, size: int) -> DrawnMask:
    """Redraw a user's mask, or hand out the drawing that was made before.

    Args:
        mask: The mask; its drawings are kept for this very object.
        turn: Degrees by which the head is turned, positive to the right; see `turn_for`.
        size: Pixels between the left and the right pivots; see `size_for`.

    Returns:
        A drawing whose channels are R, G, B multiplied by alpha, and alpha.
    """
    canvas = Canvas(size, float(turn), _margins(mask))
    front = _from_the_front(mask, canvas)
    pixels = front if turn == 0 else _turned(front, canvas)
    pixels.setflags(write=False)
    return DrawnMask(pixels, canvas.anchors(), canvas.middle(), drawn_corners(pixels))


def _margins(mask: UserMask) -> Margins:
    """How far the picture reaches beyond the pivots."""
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
    homography = np.asarray(cv2.getPerspectiveTransform(mask.anchors, unit), dtype=np.float64)
    alpha = mask.pixels[..., 3]
    x, y = (np.flatnonzero(alpha.any(axis=axis)) for axis in (0, 1))
    left, right, top, bottom = x[0], x[-1] + 1, y[0], y[-1] + 1
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
    places = np.clip(map_points(homography, corners), -MAX_MARGIN, 1.0 + MAX_MARGIN)
    side = max(0.0, -float(places[:, 0].min()), float(places[:, 0].max()) - 1.0)
    return Margins(
        side=side + 0.02,
        top=max(0.0, -float(places[:, 1].min())) + 0.02,
        bottom=max(0.0, float(places[:, 1].max()) - 1.0) + 0.02,
    )


def _from_the_front(mask: UserMask, canvas: Canvas) -> NDArray[np.uint8]:
    """Warp the picture so that its anchors meet those of the canvas."""
    pixels, anchors = mask.pixels, mask.anchors
    larger = float(np.hypot(*(anchors[1] - anchors[0]))) / canvas.width
    if larger > 1.0:
        rows, columns = (max(1, round(side / larger)) for side in pixels.shape[:2])
        scale = np.array([columns / pixels.shape[1], rows / pixels.shape[0]], dtype=np.float32)
        smaller: Any = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)
        pixels, anchors = smaller, anchors * scale
    # From centres to centres of pixels; anchors count from edges.
    matrix = cv2.getPerspectiveTransform(anchors - 0.5, canvas.anchors() - np.float32(0.5))
    front = cv2.warpPerspective(pixels, matrix, canvas.shape[::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(front, dtype=np.uint8)


def _turned(front: NDArray[np.uint8], canvas: Canvas) -> NDArray[np.uint8]:
    """Move the columns of a mask seen from the front to where a turned head shows them."""
    across = canvas.grid()[0][0]
    angles = canvas.angles(across)
    place = (1.0 + np.sin(np.radians(angles))) / 2.0
    # Beyond the near ear lie straps, moved along with it; what lies beyond the far one is hidden.
    near, far = canvas.place(np.array([-90.0, 90.0])).tolist()
    side = 1.0 if canvas.turn > 0 else -1.0
    ear, behind = (near, across < near) if side > 0 else (far, across > far)
    place = np.where(behind, across - ear + (0.0 if side > 0 else 1.0), place)
    hidden = across > 1.0 if side > 0 else across < 0.0
    source = (place + canvas.margins.side) * canvas.width - 0.5
    columns = np.where(hidden, -10.0, source).astype(np.float32)
    rows = np.arange(front.shape[0], dtype=np.float32)
    map_x, map_y = np.broadcast_arrays(columns[None, :], rows[:, None])
    turned = cv2.remap(
        front, np.ascontiguousarray(map_x), np.ascontiguousarray(map_y), cv2.INTER_LINEAR
    )
    return np.asarray(turned, dtype=np.uint8)
