"""A detector that knows the truth, so that tracking is tested and not detection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from maskmesh.bench.clips import Clip, TrueFace
from maskmesh.bench.people import Person, load_people
from maskmesh.services.face_location.boxes import clip_box, iou_matrix
from maskmesh.services.face_location.detector import Detection
from maskmesh.services.face_location.regions import mostly_open
from maskmesh.services.face_location.tracking import FaceFollower, TrackedFace


@pytest.fixture(scope="session")
def people(faces: Path) -> Mapping[str, Person]:
    return load_people(faces)


class KnowingFinder:
    """Finds the faces that it was told of, with small errors of place and size.

    Attributes:
        faces: Of the frame that comes next.
        blind: Whether to find nothing.
        searches: In how many frames the whole picture was searched.
        small_face_searches: In how many of them small faces were looked for, too.
        lookups: How many faces were looked for near where they were expected.
    """

    def __init__(self, error: float = 0.02) -> None:
        self.faces: Sequence[TrueFace] = []
        self.blind = False
        self.searches = 0
        self.small_face_searches = 0
        self.lookups = 0
        self._error = error
        self._random = np.random.default_rng(0)

    def detect(self, gray, small_faces=True, cells=None):
        self.searches += 1
        self.small_face_searches += small_faces
        seen = [face for face in self._visible() if _is_searched(gray, cells, face)]
        return [found for face in seen if (found := self._found(gray, face, "face"))]

    def find_near(self, gray, boxes):
        self.lookups += len(boxes)
        return [self._nearest(gray, box) for box in boxes]

    def _nearest(self, gray, box):
        best, nearest = None, 0.5
        for face in self._visible():
            apart = np.abs(_middle(face.square) - _middle(box)).max() / box[2]
            if apart < nearest and 0.7 < face.square[2] / box[2] < 1.4:
                best, nearest = face, apart
        return None if best is None else self._found(gray, best, "track")

    def _visible(self):
        return [] if self.blind else [face for face in self.faces if face.expected]

    def _found(self, gray, face, source):
        x, y, side, _ = face.square
        dx, dy, growth = self._random.normal(0.0, self._error, 3)
        grown = side * np.exp(growth)
        square = np.array([x + dx * side - (grown - side) / 2, y + dy * side, grown, grown])
        box = clip_box(square, gray.shape[1], gray.shape[0])
        return box and Detection(box, 0.9, source)


def _middle(square):
    return square[:2] + square[2:] / 2


@pytest.fixture
def finder() -> KnowingFinder:
    return KnowingFinder()


@pytest.fixture
def follower(finder: KnowingFinder) -> FaceFollower:
    return FaceFollower(finder)


Play = Callable[..., list[dict[str, int]]]


@pytest.fixture
def play(finder: KnowingFinder, follower: FaceFollower) -> Play:
    """Shows a clip to the follower and tells who had which id in each frame."""

    def show(clip: Clip, start_s: float = 0.0, before_frame=lambda number: None):
        seen = []
        for number in range(clip.frames):
            finder.faces = clip.truth(number)
            before_frame(number)
            tracked = follower.update(clip.frame(number), start_s + clip.time_s(number))
            seen.append(named(tracked, finder.faces))
        return seen

    return show


def named(tracked: Sequence[TrackedFace], truth: Sequence[TrueFace]) -> dict[str, int]:
    """Tell which true face has which id; a box that is on no face is an error."""
    ids: dict[str, int] = {}
    truth = [face for face in truth if face.visible > 0]
    squares = np.array([face.square for face in truth]).reshape(-1, 4)
    for face in tracked:
        shared = iou_matrix(np.array([face.detection.box], np.float64), squares)[0]
        assert shared.size, f"{face} where nobody is"
        assert shared.max() > 0.4, f"{face} is on no face"
        name = truth[int(shared.argmax())].name
        assert name not in ids, f"{name} has two tracks"
        ids[name] = face.track_id
    return ids


def _is_searched(gray, cells, face):
    """Tell whether a face lies where the picture is searched."""
    return cells is None or bool(mostly_open(face.square[None], cells, gray.shape)[0])
