"""Brings other detectors' boxes to the reference's framing: none is punished for its own.

One fixed correction for each detector (for the profile cascade and its mirror image each): the
median, over the faces that it found, of the reference box's middle and size relative to its box.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from maskmesh.bench.location.found import Found
from maskmesh.bench.location.matching import Outcome, match
from maskmesh.bench.location.photos import Photo

ROUGH_IOU = 0.25
_FEWEST_PAIRS = 10


class Correction(NamedTuple):
    """Turns a detector's box into one framed as the reference.

    Attributes:
        across: Added to the middle's x, as a share of the box's width.
        down: Added to the middle's y, as a share of its height.
        width: Factor of the width.
        height: Factor of the height.
    """

    across: float = 0.0
    down: float = 0.0
    width: float = 1.0
    height: float = 1.0

    def apply(self, one: Found) -> Found:
        """Return the box corrected."""
        middle_x = one.x + one.width * (0.5 + self.across)
        middle_y = one.y + one.height * (0.5 + self.down)
        width, height = one.width * self.width, one.height * self.height
        return one._replace(
            x=middle_x - width / 2, y=middle_y - height / 2, width=width, height=height
        )


Corrections = Mapping[str, Correction]


def estimate_corrections(
    photos: Sequence[Photo], found: Sequence[Sequence[Found]], threshold: float
) -> dict[str, Correction]:
    """Return the correction of each part of a detector, by the name of the part.

    Faces that are ignored or reach outside their photo are left out; a part with fewer than 10
    pairs is left as it is.

    Args:
        photos: With reference faces.
        found: The boxes in each photo.
        threshold: Lowest score of the boxes to learn from.
    """
    ratios: dict[str, list[Correction]] = defaultdict(list)
    for photo, boxes in zip(photos, found, strict=True):
        kept = [one for one in boxes if one.score >= threshold]
        for one, face in _pairs(photo, kept):
            ratios[one.part].append(_relative(one, face))
    return {
        part: Correction(*(round(float(value), 3) for value in np.median(several, axis=0)))
        for part, several in sorted(ratios.items())
        if len(several) >= _FEWEST_PAIRS
    }


def correct(found: Sequence[Found], corrections: Corrections) -> list[Found]:
    """Return boxes corrected, each by its part's correction."""
    return [corrections.get(one.part, Correction()).apply(one) for one in found]


def _pairs(photo: Photo, found: Sequence[Found]) -> list[tuple[Found, Sequence[float]]]:
    """Pair boxes with the faces they overlap, IoU ≥ 0.25: each face's best first."""
    if not found:
        return []
    ordered = sorted(found, key=lambda one: -one.score)
    boxes = np.array([one[:4] for one in ordered], np.float64)
    scores = np.array([one.score for one in ordered], np.float64)
    matching = match(boxes, scores, photo.boxes(), photo.size, ROUGH_IOU)
    return [
        (one, photo.faces[face].box)
        for one, outcome, face in zip(ordered, matching.outcomes, matching.faces, strict=True)
        if outcome == Outcome.FOUND and _is_whole(photo, int(face))
    ]


def _is_whole(photo: Photo, index: int) -> bool:
    face = photo.faces[index]
    x, y, width, height = face.box
    is_inside = x >= 0 and y >= 0 and x + width <= photo.width and y + height <= photo.height
    return is_inside and not face.ignore


def _relative(one: Found, face: Sequence[float]) -> Correction:
    x, y, width, height = face
    return Correction(
        across=(x + width / 2 - one.x - one.width / 2) / one.width,
        down=(y + height / 2 - one.y - one.height / 2) / one.height,
        width=width / one.width,
        height=height / one.height,
    )
