"""The way of a frame: location, crops, classification, with the mesh's absences bridged.

Written against small protocols, so that the same pipeline runs over a mesh, over the algorithms in
one process, and over fakes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from maskmesh.clients.mesh.pictures import Picture
from maskmesh.clients.mesh.results import Expression, Face, FrameFaces
from maskmesh.clients.streaming.crops import crop_faces, to_gray
from maskmesh.clients.streaming.frames import Entry, Frame, FrameProblem
from maskmesh.clients.streaming.masking import FrameMasker
from maskmesh.clients.streaming.results import FrameResult, Outcome, SeenFace, StageTimes
from maskmesh.clients.streaming.smoothing import TrackSmoother
from maskmesh.services.runtime.errors import MaskmeshError, NotFoundError, UnavailableError
from maskmesh.services.runtime.observing.tracing import work_span

MAX_TRIES = 3
"""How often one frame is sent to a mesh that goes away over it."""


class FaceStream(Protocol):
    """Follows the faces of one video: a LocationStream, or the same in process."""

    def send(self, picture: Picture, capture_time_s: float | None = None) -> None:
        """Hand over the next frame, with when it was taken in seconds, and return at once."""
        ...

    def receive(self) -> FrameFaces:
        """Return the faces of the oldest frame that has no answer yet."""
        ...

    def close(self) -> None:
        """End the stream."""
        ...


class Locator(Protocol):
    """What opens streams of located faces: a MeshClient, or the same in process."""

    def open_location_stream(self) -> FaceStream:
        """Open a stream whose track ids start from 1."""
        ...


class Classifier(Protocol):
    """What classifies crops: a MeshClient, or the same in process."""

    def classify(self, faces: Sequence[Picture]) -> list[Expression]:
        """Return one expression for each uint8 48×48 crop, in order."""
        ...


class Feed(Protocol):
    """Where the pipeline takes frames from: a FrameReader."""

    def take(self, wait: bool) -> Entry | None:
        """Return the next entry; None if there is none now, or, after waiting, none any more."""
        ...


class FramePipeline:
    """Takes frames from a feed and yields what the mesh says of each, in order.

    While a frame is classified, drawn and written, the next one is already being located.
    """

    def __init__(
        self,
        locator: Locator,
        classifier: Classifier,
        masker: FrameMasker | None = None,
        smoother: TrackSmoother | None = None,
        recover: Callable[[UnavailableError], bool] | None = None,
    ) -> None:
        """Put the stages together.

        Args:
            locator: Finds and follows faces.
            classifier: Tells what crops express.
            masker: Puts masks on before classification, if wanted.
            smoother: Smooths over each track, and forgets all with each run; None leaves the
                answers as they are.
            recover: Called when a service went away; returns True when the mesh is back, False if
                nobody waits for it any more, which ends the run in order; or raises. None: the
                error ends the run.
        """
        self._locator = locator
        self._classifier = classifier
        self._masker = masker
        self._smoother = smoother
        self._recover = recover
        self._tracks_before = 0
        self._highest_track = 0

    def run(self, feed: Feed) -> Iterator[Outcome]:
        """Yield the outcome of every entry of the feed.

        After the mesh was away, the frames under way are sent again, and track ids go on from the
        highest one so far. A frame over which the mesh goes away three times becomes a
        FrameProblem.

        Raises:
            UnavailableError: The mesh went away and did not come back.
            MaskmeshError: The source failed.
        """
        if self._smoother is not None:
            self._smoother.reset()
        waiting: deque[Entry] = deque()
        tries = 0
        while True:
            try:
                for outcome in self._run_until_failure(feed, waiting):
                    tries = 0
                    yield outcome
            except UnavailableError as error:
                if self._recover is None:
                    raise
                tries += 1
                if not self._recover(error):
                    return
                self._tracks_before = self._highest_track
                if tries >= MAX_TRIES and waiting:
                    yield _problem(waiting.popleft(), f"given up after {tries} tries: {error}")
                    tries = 0
            except _SourceError as error:
                raise error.failure from error
            else:
                return

    def _run_until_failure(self, feed: Feed, waiting: deque[Entry]) -> Iterator[Outcome]:
        """Yield outcomes; when a service fails, entries without one are left in `waiting`."""
        stream = self._locator.open_location_stream()
        try:
            current = waiting[0] if waiting else _take(feed, waiting, wait=True)
            _send(stream, current)
            while current is not None:
                located = stream.receive() if isinstance(current, Frame) else None
                following = waiting[1] if len(waiting) > 1 else _take(feed, waiting, wait=False)
                _send(stream, following)
                outcome = self._outcome(current, located)
                waiting.popleft()
                yield outcome
                if following is None:
                    following = _take(feed, waiting, wait=True)
                    _send(stream, following)
                current = following
        finally:
            stream.close()

    def _outcome(self, entry: Entry, located: FrameFaces | None) -> Outcome:
        if isinstance(entry, FrameProblem):
            return entry
        assert located is not None  # noqa: S101 - every frame was sent and answered
        if located.problem is not None:
            return _problem(entry, located.problem)
        try:
            with work_span("frame"):
                return _with_delay(self._result(entry, located))
        except (UnavailableError, NotFoundError):
            raise
        except MaskmeshError as error:
            return _problem(entry, str(error))

    def _result(self, frame: Frame, located: FrameFaces) -> FrameResult:
        if not located.faces:
            return FrameResult(frame, (), StageTimes(locate=located.milliseconds))
        faces = tuple(self._with_lasting_track(face) for face in located.faces)
        note: str | None = None
        mask_ms: float | None = None
        if self._masker is not None:
            started = time.perf_counter()
            bgr, note = self._masker.mask(frame.bgr, faces)
            mask_ms = _milliseconds_since(started)
            frame = replace(frame, bgr=bgr)
        crops = crop_faces(to_gray(frame.bgr), [face.box for face in faces])
        started = time.perf_counter()
        expressions = self._classifier.classify(crops)
        times = StageTimes(located.milliseconds, mask_ms, _milliseconds_since(started))
        seen = tuple(
            self._seen(face, expression, frame.time_s)
            for face, expression in zip(faces, expressions, strict=True)
        )
        return FrameResult(frame, seen, times, note)

    def _with_lasting_track(self, face: Face) -> Face:
        if face.track is None:
            return face
        track = self._tracks_before + face.track
        self._highest_track = max(self._highest_track, track)
        return replace(face, track=track)

    def _seen(self, face: Face, expression: Expression, time_s: float) -> SeenFace:
        if self._smoother is None or face.track is None:
            return SeenFace(face.box, expression, face.track)
        answer = self._smoother.smooth(face.track, time_s, expression)
        return SeenFace(face.box, answer.expression, face.track, answer.mask_state)


class _SourceError(Exception):
    """The source failed for good; not to be taken for a mesh that may come back."""

    def __init__(self, failure: UnavailableError) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _take(feed: Feed, waiting: deque[Entry], wait: bool) -> Entry | None:
    try:
        entry = feed.take(wait)
    except UnavailableError as failure:
        raise _SourceError(failure) from failure
    if entry is not None:
        waiting.append(entry)
    return entry


def _send(stream: FaceStream, entry: Entry | None) -> None:
    if isinstance(entry, Frame):
        stream.send(to_gray(entry.bgr), entry.time_s)


def _problem(entry: Entry, message: str) -> FrameProblem:
    return FrameProblem(entry.file, entry.index, entry.time_s, message)


def _with_delay(result: FrameResult) -> FrameResult:
    if result.frame.taken_at is None:
        return result
    return replace(result, delay_ms=_milliseconds_since(result.frame.taken_at))


def _milliseconds_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000.0
