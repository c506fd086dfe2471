"""Which face of a frame is which face of the frames before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from maskmesh.services.face_location.boxes import Box, FloatArray, iou_matrix
from maskmesh.services.face_location.detector import Detection


@dataclass(frozen=True, slots=True)
class TrackedDetection:
    """A face of a frame, and which one it is.

    Attributes:
        track_id: From 1; the same for the same face, never used for another in the stream.
        detection: The face in this frame.
    """

    track_id: int
    detection: Detection


@dataclass(slots=True)
class _Track:
    track_id: int
    box: Box
    missed: int = 0


class FaceTracker:
    """Follows the faces of one stream. One tracker a stream, called frame after frame."""

    def __init__(self, min_iou: float = 0.2, max_missed: int = 10) -> None:
        """Start with no face.

        Args:
            min_iou: Least intersection over union of a face with itself one frame later, 0 to 1.
            max_missed: Frames that a track outlives without its face being found.
        """
        self._min_iou = min_iou
        self._max_missed = max_missed
        self._tracks: list[_Track] = []
        self._next_id = 1
        self._frame_size: tuple[int, int] | None = None

    def update(
        self, detections: Sequence[Detection], frame_size: tuple[int, int]
    ) -> list[TrackedDetection]:
        """Take the faces of the next frame.

        Tracks and faces are matched so that their summed intersection over union is highest
        (Kuhn, "The Hungarian method for the assignment problem", 1955).

        Args:
            detections: The faces of the frame, in any order.
            frame_size: Width and height of the frame, in pixels. When it changes, the tracks'
                boxes are scaled with it.

        Returns:
            Every face of the frame with its track id, lowest id first.
        """
        self._follow_size(frame_size)
        matches = self._match(detections)
        found: list[TrackedDetection] = []
        for index, detection in enumerate(detections):
            track = matches.get(index)
            if track is None:
                track = _Track(self._next_id, detection.box)
                self._next_id += 1
                self._tracks.append(track)
            track.box, track.missed = detection.box, -1
            found.append(TrackedDetection(track.track_id, detection))
        for track in self._tracks:
            track.missed += 1
        self._tracks = [track for track in self._tracks if track.missed <= self._max_missed]
        return sorted(found, key=lambda face: face.track_id)

    def _match(self, detections: Sequence[Detection]) -> dict[int, _Track]:
        overlaps = iou_matrix(
            _boxes([track.box for track in self._tracks]),
            _boxes([detection.box for detection in detections]),
        )
        # What may not match is worth nothing, so that it never displaces a match that may.
        worth = np.where(overlaps >= self._min_iou, overlaps, 0.0)
        rows, columns = linear_sum_assignment(worth, maximize=True)
        return {
            int(column): self._tracks[row]
            for row, column in zip(rows, columns, strict=True)
            if worth[row, column] > 0
        }

    def _follow_size(self, frame_size: tuple[int, int]) -> None:
        before, self._frame_size = self._frame_size, frame_size
        if before is None or before == frame_size:
            return
        across, down = frame_size[0] / before[0], frame_size[1] / before[1]
        for track in self._tracks:
            x, y, width, height = track.box
            track.box = (
                round(x * across),
                round(y * down),
                max(1, round(width * across)),
                max(1, round(height * down)),
            )


def _boxes(boxes: Sequence[Box]) -> FloatArray:
    return np.array(boxes, np.float64).reshape(-1, 4)
