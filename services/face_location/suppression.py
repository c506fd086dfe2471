"""Non-maximum suppression: of boxes that mean the same face, the best stays."""

from __future__ import annotations

import numpy as np

from maskmesh.services.face_location.boxes import FloatArray, cover_matrix, iou_matrix


def suppress(
    boxes: FloatArray, scores: FloatArray, max_iou: float = 0.3, max_cover: float = 0.55
) -> list[int]:
    """Pick the boxes that no better box overlaps too much.

    Besides intersection over union, a box that lies largely inside a better one goes, or the other
    way round: eyes and mouths make a cascade see small faces within a large one.

    Args:
        boxes: float64 N×4, x, y, width, height.
        scores: float64 N, higher is better.
        max_iou: Largest intersection over union that two boxes that stay may have, 0 to 1.
        max_cover: Largest share of the smaller box that may lie in the larger one, 0 to 1.

    Returns:
        Indices of the boxes that stay, best first; of equal scores the earlier box is the better.
    """
    clashes = (iou_matrix(boxes, boxes) > max_iou) | (cover_matrix(boxes, boxes) > max_cover)
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if not clashes[index, kept].any():
            kept.append(int(index))
    return kept
