"""Other looks for synthetic masks, so that masks are not learnt by how they are drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def retexture(
    patch: NDArray[np.uint8], bare: NDArray[np.uint8], random: np.random.Generator
) -> NDArray[np.uint8]:
    """Give a synthetic mask another gray and a faint pattern.

    Args:
        patch: uint8 S×S, a masked face.
        bare: The same without the mask: where they differ lies the mask.
        random: Decides how.
    """
    difference = np.abs(patch.astype(np.float32) - bare)
    covers = cv2.GaussianBlur((difference > 6).astype(np.float32), (3, 3), 0)
    covers = np.clip(covers * 1.6 - 0.3, 0.0, 1.0)
    if covers.sum() < 4:
        return patch
    level = (patch * covers).sum() / covers.sum()
    cells = int(random.integers(2, 9))
    pattern = cv2.resize(
        random.standard_normal((cells, cells)).astype(np.float32),
        patch.shape[::-1],
        interpolation=cv2.INTER_CUBIC,
    )
    contrast, amplitude = random.uniform(0.3, 1.6), abs(random.normal(0.0, 12.0))
    mask = (patch - level) * contrast + random.uniform(15.0, 240.0) + amplitude * pattern
    blended = covers * mask + (1 - covers) * patch
    return np.asarray(np.clip(blended, 0, 255), np.uint8)
