"""The box of a face that was found: as the classifier's training pictures are framed.

A lenient cascade places its windows loosely. OpenCV's whole cascade of frontal faces frames them
as FER2013 does, whose pictures were cut out by such a cascade; and so does the distance between
the eyes, which a mask leaves in sight.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray, iou_matrix
from maskmesh.services.face_location.candidates import Candidate
from maskmesh.services.face_location.cascades import Cascade
from maskmesh.services.face_location.patches import level_patch

# The candidate is 40 of 100 pixels of the patch, so that a window may be up to 1.8 times as large.
_SIDE, _PATCH = 40, 100
_WINDOWS = (0.7 * _SIDE, 1.8 * _SIDE)
_EXPECTED: FloatArray = np.array([[(_PATCH - _SIDE) / 2] * 2 + [_SIDE] * 2], np.float64)
_MIN_IOU = 0.3
_MIN_SUPPORT = 2
# The second is asked only if the first finds nothing. The lenient one is not asked at all: it takes
# the lower half of a mask for a face.
FRAMING_CASCADES = ("face strict", "face second")


def frame_face(
    gray: NDArray[np.uint8], candidate: Candidate, cascades: Mapping[str, Cascade]
) -> Candidate:
    """Return a candidate moved and scaled to where a strict cascade sees the face.

    Args:
        gray: uint8 H×W, the picture.
        candidate: A face, roughly placed, in pixels of the picture.
        cascades: Loaded for this thread, by the names in `FRAMING_CASCADES`.

    Returns:
        The face, better placed; the same candidate where no cascade finds it.
    """
    patch = level_patch(gray, candidate, _SIDE, _PATCH)
    for name in FRAMING_CASCADES:
        boxes, counts = cascades[name].search(patch, _WINDOWS, support=_MIN_SUPPORT)
        near = iou_matrix(boxes, _EXPECTED)[:, 0] >= _MIN_IOU
        if near.any():
            best = int(np.argmax(np.where(near, counts, 0.0)))
            return _moved(candidate, boxes[best])
    return candidate


def _moved(candidate: Candidate, box: FloatArray) -> Candidate:
    unit = candidate.side / _SIDE
    across, down = (box[:2] + box[2:] / 2 - _PATCH / 2) * unit
    cosine, sine = np.cos(candidate.roll), np.sin(candidate.roll)
    return Candidate(
        x=candidate.x + float(across * cosine - down * sine),
        y=candidate.y + float(across * sine + down * cosine),
        side=float(box[2]) * unit,
        roll=candidate.roll,
        source=candidate.source,
        weaker_eye=candidate.weaker_eye,
        stronger_eye=candidate.stronger_eye,
    )
