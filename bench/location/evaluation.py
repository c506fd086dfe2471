"""What a detector is worth on a set of photos, for masked and unmasked faces apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.location.curves import Curve, average_precision, precision_recall
from maskmesh.bench.location.matching import Matching, Outcome, match
from maskmesh.bench.location.photos import Photo

ALLOWED_FALSE_PER_PHOTO = 0.05

AnyBox = Sequence[float]
Detect = Callable[[NDArray[np.uint8]], Sequence[tuple[AnyBox, float]]]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class GroupMetrics:
    """Of one kind of faces (masked or not), at the detector's threshold unless said otherwise.

    Attributes:
        photos: How many photos count for false boxes: those with a covered face, or without one.
        faces: Faces of the headline: frontal to three-quarter, 40 pixels or more, not ignored.
        recall: Share of them that was found, IoU ≥ 0.4.
        all_faces: All faces that are not ignored.
        recall_all: Share of them that was found.
        single_photos: Photos with exactly one face that is not ignored, and it is of this kind.
        recall_single: Share of them whose face was found.
        any_box: Share of them with any box at all, wherever it is.
        false_per_photo: Boxes whose IoU with every face, ignored ones too, is below 0.25.
        duplicates_per_photo: Boxes on a face that a better box found.
        mean_iou: Of the headline faces that were found, with their boxes; NaN if there is none.
        average_precision: Area under the precision–recall curve, over all thresholds.
        recall_at_allowed_false: Headline recall at the lowest threshold that keeps to 0.05 false
            boxes a photo.
        curve: Precision and recall over all thresholds.
    """

    photos: int
    faces: int
    recall: float
    all_faces: int
    recall_all: float
    single_photos: int
    recall_single: float
    any_box: float
    false_per_photo: float
    duplicates_per_photo: float
    mean_iou: float
    average_precision: float
    recall_at_allowed_false: float
    curve: Curve

    def as_dict(self) -> dict[str, Any]:
        """Return all but the curve as plain values for JSON; NaN as None."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "curve"}
        return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in values.items()}


@dataclass(frozen=True, slots=True)
class Metrics:
    """Of a detector: on photos with masked faces, on the others, and false boxes over all."""

    masked: GroupMetrics
    unmasked: GroupMetrics
    false_per_photo: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "masked": self.masked.as_dict(),
            "unmasked": self.unmasked.as_dict(),
            "false_per_photo": self.false_per_photo,
        }


def evaluate(detect: Detect, photos: Sequence[Photo], threshold: float = -np.inf) -> Metrics:
    """Run a detector over photos and judge its boxes.

    Args:
        detect: Takes a gray picture, uint8 H×W; returns pairs of a box (x, y, width, height in
            pixels, framed as the reference frames faces) and a score (higher is surer).
        photos: With their reference faces.
        threshold: Boxes below this score count in the curve only.

    Raises:
        InvalidInputError: A photo cannot be read.
    """
    return judge([match_photo(photo, detect(photo.gray())) for photo in photos], photos, threshold)


def match_photo(photo: Photo, found: Sequence[tuple[AnyBox, float]]) -> Matching:
    """Match what was found in a photo with its faces."""
    boxes = np.array([list(box) for box, _ in found], np.float64).reshape(-1, 4)
    scores = np.array([score for _, score in found], np.float64)
    return match(boxes, scores, photo.boxes(), photo.size)


def judge(
    matchings: Sequence[Matching], photos: Sequence[Photo], threshold: float = -np.inf
) -> Metrics:
    """Turn the matchings of photos into numbers; see `evaluate`."""
    pairs = list(zip(photos, matchings, strict=True))
    everything = [matching for _, matching in pairs]
    return Metrics(
        masked=_judge_group(pairs, True, threshold),
        unmasked=_judge_group(pairs, False, threshold),
        false_per_photo=_per_photo(everything, Outcome.FALSE, threshold),
    )


def _judge_group(
    pairs: list[tuple[Photo, Matching]], covered: bool, threshold: float
) -> GroupMetrics:
    headline, everyone, singles = _Tally(), _Tally(), _Singles()
    own = [matching for photo, matching in pairs if photo.is_masked == covered]
    for photo, matching in pairs:
        chosen = np.array(
            [face.covered == covered and not face.ignore for face in photo.faces], bool
        )
        leading = chosen & np.array([face.is_headline for face in photo.faces], bool)
        with_false = photo.is_masked == covered
        everyone.add(chosen, matching, threshold, with_false)
        headline.add(leading, matching, threshold, with_false)
        if chosen.sum() == 1 == sum(not face.ignore for face in photo.faces):
            singles.add(int(np.argmax(chosen)), matching, threshold)
    curve = headline.curve()
    return GroupMetrics(
        photos=len(own),
        faces=headline.faces,
        recall=_share(headline.found, headline.faces),
        all_faces=everyone.faces,
        recall_all=_share(everyone.found, everyone.faces),
        single_photos=singles.photos,
        recall_single=_share(singles.hits, singles.photos),
        any_box=_share(singles.fired, singles.photos),
        false_per_photo=_per_photo(own, Outcome.FALSE, threshold),
        duplicates_per_photo=_per_photo(own, Outcome.DUPLICATE, threshold),
        mean_iou=float(np.mean(headline.ious)) if headline.ious else float("nan"),
        average_precision=average_precision(curve),
        recall_at_allowed_false=_recall_at_allowed_false(curve, own),
        curve=curve,
    )


class _Tally:
    """Counts one choice of faces over photos; boxes on other faces count neither way."""

    def __init__(self) -> None:
        self.faces = 0
        self.found = 0
        self.ious: list[float] = []
        self._scores: list[float] = []
        self._hits: list[bool] = []

    def add(
        self, counted: BoolArray, matching: Matching, threshold: float, with_false: bool
    ) -> None:
        """Add a photo: which of its faces count, what was found, and whether false boxes count."""
        self.faces += int(counted.sum())
        is_false = matching.outcomes == Outcome.FALSE
        on_counted = np.zeros(len(is_false), bool)
        on_counted[~is_false] = counted[matching.faces[~is_false]]
        hits = on_counted & (matching.outcomes == Outcome.FOUND)
        kept = hits & (matching.scores >= threshold)
        self.found += int(kept.sum())
        self.ious += matching.ious[kept].tolist()
        relevant = (is_false & with_false) | on_counted
        self._scores += matching.scores[relevant].tolist()
        self._hits += hits[relevant].tolist()

    def curve(self) -> Curve:
        """Return precision and recall over the thresholds."""
        return precision_recall(np.array(self._scores), np.array(self._hits, bool), self.faces)


class _Singles:
    """Counts photos with one face: where it was found, and where anything was."""

    def __init__(self) -> None:
        self.photos = self.hits = self.fired = 0

    def add(self, face: int, matching: Matching, threshold: float) -> None:
        """Add a photo, whose only face has this index."""
        kept = matching.scores >= threshold
        found = kept & (matching.outcomes == Outcome.FOUND)
        self.photos += 1
        self.hits += bool((matching.faces[found] == face).any())
        self.fired += bool(kept.any())


def _recall_at_allowed_false(curve: Curve, matchings: list[Matching]) -> float:
    if not len(curve.thresholds):
        return float("nan") if not curve.faces else 0.0
    false = [matching.scores[matching.outcomes == Outcome.FALSE] for matching in matchings]
    # Few enough false boxes have at least the score of each threshold.
    scores = np.sort(np.concatenate(false))
    at_least = len(scores) - np.searchsorted(scores, curve.thresholds, side="left")
    allowed = at_least <= ALLOWED_FALSE_PER_PHOTO * len(matchings)
    return float(curve.recall[allowed].max(initial=0.0))


def _per_photo(matchings: list[Matching], outcome: Outcome, threshold: float) -> float:
    count = sum(
        int(((one.outcomes == outcome) & (one.scores >= threshold)).sum()) for one in matchings
    )
    return _share(count, len(matchings))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
