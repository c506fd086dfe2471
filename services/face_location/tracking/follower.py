"""Follows the faces of one stream with as few full searches as that takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray, clip_box
from maskmesh.services.face_location.detector import Detection
from maskmesh.services.face_location.tracking.appearance import Scene
from maskmesh.services.face_location.tracking.association import assign, distinct, touching
from maskmesh.services.face_location.tracking.changes import ChangeMap
from maskmesh.services.face_location.tracking.clock import StreamClock, Tick
from maskmesh.services.face_location.tracking.finder import FaceFinder
from maskmesh.services.face_location.tracking.schedule import SearchSchedule
from maskmesh.services.face_location.tracking.sightings import (
    Sighting,
    fit_of_places,
    look_at,
    squares_of,
)
from maskmesh.services.face_location.tracking.track import OTHER_SCENE, Track
from maskmesh.services.runtime.errors import InvalidInputError

DOUBT_S = 0.1
"""How long a face that looks unlike the one that was just there may still be the same."""
SMALL_FACES_INTERVAL_S = 1.0
"""Seconds between regular searches for small faces: they cost as much as all others."""
SMALL_FACE_SHARE = 1 / 8
"""Side of the faces that may be called small, in the picture's longer sides."""
EVERYTHING_INTERVAL_S = 4.0
"""Seconds between searches of what has not changed, too."""
MOST_LOOKUPS = 32
"""To look near more faces than that takes longer than to search the picture."""


@dataclass(frozen=True, slots=True)
class TrackedFace:
    """A face of a frame, and which one it is.

    Attributes:
        track_id: From 1; the same for the same face, never used for another in the stream.
        detection: The face in this frame; its box is steadied.
    """

    track_id: int
    detection: Detection


@dataclass(frozen=True, slots=True)
class _Frame:
    gray: NDArray[np.uint8]
    tick: Tick
    cut: bool


class FaceFollower:
    """Follows the faces of one stream. One follower a stream, called frame after frame.

    Most frames are only looked at near the faces that are known. The whole picture is searched
    regularly for new faces, and soon when none is known, one was lost, or the scene changed.
    """

    def __init__(
        self,
        finder: FaceFinder,
        search_interval_s: float = 0.27,
        patience_s: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with no face.

        Args:
            finder: Finds faces; may be shared with other streams if it allows that.
            search_interval_s: Seconds between regular searches of the whole picture.
            patience_s: Seconds that a face keeps its id without being found.
            monotonic: Seconds from any origin, for frames that don't say when they were taken.
        """
        self._finder = finder
        self._patience_s = patience_s
        self._clock = StreamClock(monotonic)
        self._schedule = SearchSchedule(search_interval_s)
        self._small_faces_schedule = SearchSchedule(SMALL_FACES_INTERVAL_S)
        self._everything_schedule = SearchSchedule(EVERYTHING_INTERVAL_S)
        self._scene = Scene()
        self._changes = ChangeMap()
        self._tracks: list[Track] = []
        self._next_id = 1
        self._frame_shape: tuple[int, ...] | None = None

    def update(
        self, gray: NDArray[np.uint8], capture_time_s: float | None = None
    ) -> list[TrackedFace]:
        """Take the next frame.

        Args:
            gray: uint8 H×W. When its size changes, known faces are scaled with it.
            capture_time_s: When it was taken, in seconds from any origin; None: not known. A time
                that goes back or stands still is no error: faces are kept that are still there.

        Returns:
            Every face that was found in the frame, lowest track id first.

        Raises:
            InvalidInputError: Not a gray picture of 8 bits.
        """
        if gray.ndim != 2 or gray.dtype != np.uint8 or not gray.size:
            raise InvalidInputError(
                f"expected a gray frame, uint8 H×W, got {gray.dtype} of shape {gray.shape}: "
                "convert it first"
            )
        try:
            return self._follow(gray, self._clock.tick(capture_time_s))
        finally:
            self._clock.rest()

    def _follow(self, gray: NDArray[np.uint8], tick: Tick) -> list[TrackedFace]:
        sameness = self._scene.sameness(gray)
        resized = self._follow_size(gray.shape)
        cut = sameness < OTHER_SCENE
        frame = _Frame(gray, tick, cut)
        self._advance(tick, sameness)
        hurry = not self._tracks or cut or resized or tick.jumped
        crowded = len(self._tracks) > MOST_LOOKUPS
        strangers: list[Sighting] = []
        searched = crowded or self._schedule.is_due(tick.now_s, tick.elapsed_s, hurry)
        if searched:
            strangers = self._search(frame, anew=hurry or crowded)
        self._look_near(frame)
        lost = any(track.is_just_lost(tick.now_s) for track in self._tracks)
        if lost and not searched and self._schedule.is_due(tick.now_s, tick.elapsed_s, hurry=True):
            strangers = self._search(frame)
        self._welcome(strangers, frame)
        self._tracks = [t for t in self._tracks if not t.is_over(self._patience_s)]
        return self._faces(gray.shape)

    def _advance(self, tick: Tick, sameness: float) -> None:
        cut = sameness < OTHER_SCENE
        in_sight = np.array([track.detection is not None for track in self._tracks], bool)
        for track in self._tracks:
            track.advance(tick.elapsed_s, sameness, halt=tick.jumped or cut)
        squares = squares_of(self._tracks)
        # A face that is missing hides nobody, and one that went missing in plain sight is not
        # hidden by who is in its place now.
        behind = touching(squares, squares[in_sight])
        for track, is_behind, was_in_sight in zip(self._tracks, behind, in_sight, strict=True):
            track.hidden = bool(is_behind and (was_in_sight or track.hidden))
            track.calm = bool(was_in_sight and not is_behind)

    def _search(self, frame: _Frame, anew: bool = False) -> list[Sighting]:
        """Search the picture; return the faces that are none of those expected.

        Args:
            frame: The frame.
            anew: Whether to trust nothing that is known.
        """
        now_s, elapsed_s = frame.tick.now_s, frame.tick.elapsed_s
        self._schedule.searched(now_s)
        everything = self._everything_schedule.is_due(now_s, elapsed_s, hurry=False) or anew
        small = SMALL_FACE_SHARE * max(frame.gray.shape)
        small_faces = (
            everything
            or self._small_faces_schedule.is_due(now_s, elapsed_s, hurry=False)
            or any(track.is_just_lost(now_s) and track.square[2] < small for track in self._tracks)
        )
        if everything:
            self._everything_schedule.searched(now_s)
        if small_faces:
            self._small_faces_schedule.searched(now_s)
        # Who is followed calmly is looked for nearby, which is cheaper.
        known = squares_of([track for track in self._tracks if track.calm and not anew])
        cells = self._changes.to_search(frame.gray, known, small_faces, everything)
        return self._match(frame, self._finder.detect(frame.gray, small_faces, cells))

    def _look_near(self, frame: _Frame) -> None:
        missing = [track for track in self._tracks if track.detection is None][:MOST_LOOKUPS]
        self._look_into(frame, [track.square for track in missing])
        # Who stopped or turned back is nearer to where they were seen last.
        elsewhere = [t for t in missing if t.detection is None and t.went_on and not t.hidden]
        self._look_into(frame, [track.seen_square for track in elsewhere])

    def _look_into(self, frame: _Frame, squares: Sequence[FloatArray]) -> None:
        if squares:
            answers = self._finder.find_near(frame.gray, np.array(squares))
            self._match(frame, [answer for answer in answers if answer is not None])

    def _match(self, frame: _Frame, detections: Sequence[Detection]) -> list[Sighting]:
        """Give faces to the tracks that have none in this frame; return those left over."""
        known = squares_of([track for track in self._tracks if track.detection is not None])
        found = look_at(detections, known, frame.gray)
        missing = [track for track in self._tracks if track.detection is None]
        now_s = frame.tick.now_s
        if not found or not missing:
            return found
        places = fit_of_places(missing, found, now_s)
        looks = np.full(places.shape, -1.0)
        for row, column in np.argwhere(places > 0):
            looks[row, column] = missing[row].likeness(found[column].patch)
        gates = [track.min_likeness for track in missing]
        taken = set()
        for row, column in assign(places, looks, np.array(gates)):
            one = found[column]
            missing[row].see(one.detection, one.square, one.patch, now_s)
            taken.add(column)
        return [one for column, one in enumerate(found) if column not in taken]

    def _welcome(self, strangers: list[Sighting], frame: _Frame) -> None:
        """Start a track for each new face that is sure enough.

        To begin takes more than to go on (Zhang et al., "ByteTrack", ECCV 2022): a box that only
        now and then passes for a face never gets a track.
        """
        for one in strangers:
            if one.is_sure and not self._may_be_known(one, frame):
                now_s = frame.tick.now_s
                new = Track(self._next_id, one.detection, one.square, one.patch, now_s)
                self._tracks.append(new)
                self._next_id += 1

    def _may_be_known(self, one: Sighting, frame: _Frame) -> bool:
        """Tell whether a face that was not recognised may still be one that is missing.

        It may be while it is partly hidden, and for a moment anyway: a hand before the face or
        a quick turn passes, another person stays.
        """
        seen = squares_of([track for track in self._tracks if track.detection is not None])
        if not distinct(np.vstack([seen, one.square]), known=len(seen)):
            return True
        missing = [track for track in self._tracks if track.detection is None]
        now_s = frame.tick.now_s
        near = fit_of_places(missing, [one], now_s)[:, 0] > 0
        if touching(one.square[None], seen).any():
            return bool(near.any())
        recent = np.array([now_s - track.seen_s < DOUBT_S for track in missing], bool)
        return not frame.cut and bool((near & recent).any())

    def _follow_size(self, shape: tuple[int, ...]) -> bool:
        before, self._frame_shape = self._frame_shape, shape
        if before is None or before == shape:
            return False
        for track in self._tracks:
            track.rescale(shape[1] / before[1], shape[0] / before[0])
        return True

    def _faces(self, shape: tuple[int, ...]) -> list[TrackedFace]:
        faces = []
        for track in self._tracks:
            if track.detection is None:
                continue
            box = clip_box(track.square, shape[1], shape[0])
            faces.append(
                TrackedFace(
                    track.track_id, replace(track.detection, box=box or track.detection.box)
                )
            )
        return faces
