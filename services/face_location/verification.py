"""How sure it is that a candidate is a face: a logistic score of what several cascades say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray, iou_matrix
from maskmesh.services.face_location.candidates import Candidate
from maskmesh.services.face_location.cascades import Cascade, CascadeName
from maskmesh.services.face_location.patches import level_patch, resize
from maskmesh.services.face_location.proposals import EYE_CASCADES

# A face that the first does not find, the others do not find either: they are not asked.
FACE_CASCADES = {
    "face lenient": CascadeName("frontalface_default", dropped=10),
    "face strict": CascadeName("frontalface_default"),
    "face second": CascadeName("frontalface_alt2"),
}
VERIFICATION_CASCADES = {**FACE_CASCADES, **EYE_CASCADES}

EVIDENCE = (*VERIFICATION_CASCADES, "pair weaker", "pair stronger", "pair")
# A logistic regression on the candidates of real photos; docs/decisions/0002 says which and how.
WEIGHTS: FloatArray = np.array([0.60, 0.55, 1.29, 1.75, 1.79, 0.88, 0.34, 2.49])
BIAS = -3.84

# The candidate is 36 of 64 pixels where whole faces are looked for, 72 of 128 where eyes are.
_FACE_SIDE, _FACE_PATCH = 36, 64
_EYES_SIDE, _EYES_PATCH = 72, 128


def gather_evidence(
    gray: NDArray[np.uint8], candidate: Candidate, cascades: Mapping[str, Cascade]
) -> FloatArray:
    """Ask the cascades about one candidate, levelled and brought to a fixed size.

    Args:
        gray: uint8 H×W, the picture.
        candidate: Where a face may be, in pixels of the picture.
        cascades: Loaded for this thread, by the names in `VERIFICATION_CASCADES`.

    Returns:
        float64, in the order of `EVIDENCE`: log(1 + windows) of each cascade and of the pair's
        eyes, and whether the candidate comes from a pair of eyes.
    """
    patch = level_patch(gray, candidate, _EYES_SIDE, _EYES_PATCH)
    small = resize(patch, _FACE_PATCH, _FACE_PATCH)
    counts = dict.fromkeys(EVIDENCE, 0.0)
    for name in FACE_CASCADES:
        counts[name] = _face_support(small, cascades[name])
        if not counts["face lenient"]:
            break
    for name in EYE_CASCADES:
        counts[name] = _eye_support(patch, cascades[name], left=name == "eye left")
    counts["pair weaker"] = candidate.weaker_eye
    counts["pair stronger"] = candidate.stronger_eye
    evidence = np.log1p([counts[name] for name in EVIDENCE])
    evidence[-1] = candidate.source == "eyes"
    return np.asarray(evidence, np.float64)


def score_evidence(evidence: FloatArray) -> float:
    """Return how sure it is that evidence speaks of a face, 0 to 1."""
    return float(1.0 / (1.0 + np.exp(-(evidence @ WEIGHTS + BIAS))))


def _face_support(patch: NDArray[np.uint8], cascade: Cascade) -> float:
    boxes, counts = cascade.search(patch, (0.72 * _FACE_SIDE, 1.33 * _FACE_SIDE))
    offset = (_FACE_PATCH - _FACE_SIDE) / 2
    expected = np.array([[offset, offset, _FACE_SIDE, _FACE_SIDE]], np.float64)
    return float(counts[iou_matrix(boxes, expected)[:, 0] > 0.45].max(initial=0.0))


def _eye_support(patch: NDArray[np.uint8], cascade: Cascade, *, left: bool) -> float:
    offset = (_EYES_PATCH - _EYES_SIDE) // 2
    top, before = offset - 6, offset - 14
    strip = patch[top : offset + 50, before : _EYES_PATCH - before]
    boxes, counts = cascade.search(np.ascontiguousarray(strip), (18, 36))
    x = (boxes[:, 0] + boxes[:, 2] / 2 + before - offset) / _EYES_SIDE
    y = (boxes[:, 1] + boxes[:, 3] / 2 + top - offset) / _EYES_SIDE
    beside = (x > 0.1) & (x < 0.48) if left else (x > 0.52) & (x < 0.9)
    return float(counts[beside & (y > 0.22) & (y < 0.55)].max(initial=0.0))
