"""How well faces were followed through a clip whose faces are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maskmesh.bench.clips import TrueFace
from maskmesh.services.face_location.boxes import FloatArray, iou_matrix
from maskmesh.services.face_location.tracking import TrackedFace

FOUND_IOU = 0.4
SEEN_SHARE = 0.1
"""Share of a face that has to be visible for a box to be meant for it."""


@dataclass(frozen=True, slots=True)
class Following:
    """What became of the people of a clip.

    Attributes:
        switches: How often somebody's id was another one than when they were last found
            (Bernardin and Stiefelhagen, "Evaluating multiple object tracking performance: the CLEAR
            MOT metrics", 2008).
        found: Share of the faces to be found that were, in all frames, 0 to 1.
        false_boxes: Boxes that are on nobody's face, in all frames.
        mean_iou: Of the boxes of faces that were found, 0 to 1; not a number if none was.
        shake: How much boxes tremble: standard deviation, from frame to frame, of the error of
            their middles, in sides of the face; not a number if no face was found twice.
        appears_s: Longest time from when a face is first to be found until it is, in seconds;
            infinite if one never is.
    """

    switches: int
    found: float
    false_boxes: int
    mean_iou: float
    shake: float
    appears_s: float


@dataclass(slots=True)
class _Somebody:
    track_id: int | None = None
    first_s: float | None = None
    appears_s: float = float("inf")


def judge(
    tracked: Sequence[Sequence[TrackedFace]],
    truth: Sequence[Sequence[TrueFace]],
    times_s: Sequence[float],
) -> Following:
    """Hold what a follower said of each frame against what is in it.

    Faces that are hidden too much to be expected need not be found, but may.
    """
    people: dict[str, _Somebody] = {}
    ious: list[float] = []
    errors: dict[str, list[FloatArray]] = {}
    switches = expected = found = false_boxes = 0
    for faces, present, now_s in zip(tracked, truth, times_s, strict=True):
        matches, unmatched = _match(faces, present)
        false_boxes += unmatched
        for face in present:
            somebody = people.setdefault(face.name, _Somebody())
            if face.expected and somebody.first_s is None:
                somebody.first_s = now_s
            expected += face.expected
            match = matches.get(face.name)
            if match is None:
                continue
            tracked_face, iou = match
            found += face.expected
            ious.append(iou)
            errors.setdefault(face.name, []).append(_error(tracked_face, face))
            switches += somebody.track_id not in (None, tracked_face.track_id)
            somebody.track_id = tracked_face.track_id
            if somebody.first_s is not None:
                somebody.appears_s = min(somebody.appears_s, now_s - somebody.first_s)
    steps = [np.diff(np.array(values), axis=0) for values in errors.values() if len(values) > 1]
    return Following(
        switches=switches,
        found=found / expected if expected else 1.0,
        false_boxes=false_boxes,
        mean_iou=float(np.mean(ious)) if ious else float("nan"),
        shake=float(np.concatenate(steps).std()) if steps else float("nan"),
        appears_s=max(
            (somebody.appears_s for somebody in people.values() if somebody.first_s is not None),
            default=0.0,
        ),
    )


def _match(
    faces: Sequence[TrackedFace], present: Sequence[TrueFace]
) -> tuple[dict[str, tuple[TrackedFace, float]], int]:
    """Give each true face the box that fits it best; count the boxes that fit none."""
    boxes = np.array([face.detection.box for face in faces], np.float64).reshape(-1, 4)
    squares = np.array([face.square for face in present]).reshape(-1, 4)
    ious = iou_matrix(boxes, squares)
    false_boxes = int((ious.max(axis=1, initial=0.0) < FOUND_IOU).sum())
    # Of two in the same place, the one in front is seen; who is wholly hidden never is.
    visible = np.array([face.visible for face in present])
    worth = np.where(visible >= SEEN_SHARE, ious + 1e-3 * visible, 0.0)
    matches: dict[str, tuple[TrackedFace, float]] = {}
    while worth.size and worth.max() >= FOUND_IOU:
        row, column = (int(index) for index in np.unravel_index(worth.argmax(), worth.shape))
        matches[present[column].name] = faces[row], float(ious[row, column])
        worth[row], worth[:, column] = 0.0, 0.0
    return matches, false_boxes


def _error(tracked: TrackedFace, true: TrueFace) -> FloatArray:
    x, y, width, height = tracked.detection.box
    middle = np.array([x + width / 2, y + height / 2])
    return np.asarray((middle - true.square[:2] - true.square[2:] / 2) / true.square[2])
