"""Following faces through clips, against OpenCV's stock detector on every frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from maskmesh.bench.clips import Clip, TrueFace, crossing, entering, moving
from maskmesh.bench.identities import Following, judge
from maskmesh.bench.location.cascades import cascade_file
from maskmesh.bench.pairs import PairedTimes, time_pairs
from maskmesh.bench.people import load_people
from maskmesh.clients.demo.sample import SAMPLE_CLIP, sample_passages
from maskmesh.clients.streaming.clips import open_clip
from maskmesh.clients.streaming.crops import to_gray
from maskmesh.clients.streaming.frames import Frame
from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.face_location.detector import Detection, HaarFaceDetector
from maskmesh.services.face_location.tracking import FaceFollower, TrackedFace

Gray = NDArray[np.uint8]


@dataclass(slots=True)
class CountingFinder:
    """A detector that counts, and takes its time.

    Attributes:
        detector: What finds.
        searches: How often the whole picture was searched.
        lookups: How many faces were looked for where they were expected.
        seconds: CPU seconds of all of this.
    """

    detector: HaarFaceDetector
    searches: int = 0
    lookups: int = 0
    seconds: float = 0.0

    def detect(
        self, gray: Gray, small_faces: bool = True, cells: Gray | None = None
    ) -> list[Detection]:
        """As the detector."""
        self.searches += 1
        started = time.thread_time()
        found = self.detector.detect(gray, small_faces, cells)
        self.seconds += time.thread_time() - started
        return found

    def find_near(self, gray: Gray, boxes: FloatArray) -> list[Detection | None]:
        """As the detector."""
        self.lookups += len(boxes)
        started = time.thread_time()
        found = self.detector.find_near(gray, boxes)
        self.seconds += time.thread_time() - started
        return found


@dataclass(frozen=True, slots=True)
class Footage:
    """Frames to follow faces through, all in memory.

    Attributes:
        name: What they show.
        frames: uint8 H×W each.
        times_s: When each was taken, in seconds.
        truth: The faces of each; None if they are not known.
    """

    name: str
    frames: list[Gray]
    times_s: list[float]
    truth: list[list[TrueFace]] | None


@dataclass(frozen=True, slots=True)
class ClipResult:
    """What a clip cost, and how its faces were followed.

    Attributes:
        name: What it shows.
        times: CPU seconds of each frame: the follower first, the stock detector second.
        own_seconds: CPU seconds of the follower without the detector, all frames together.
        searches: In how many frames the whole picture was searched.
        lookups: How many faces were looked for where they were expected.
        switches: Changes of identity.
        following: More of it; None if the faces are not known.
    """

    name: str
    times: PairedTimes
    own_seconds: float
    searches: int
    lookups: int
    switches: int
    following: Following | None = field(default=None)

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(self.times.first)

    @property
    def ratio(self) -> float:
        """How much less CPU time than the stock detector, over the whole clip."""
        return sum(self.times.second) / sum(self.times.first)


def measure(photos: Path, seconds: float) -> list[ClipResult]:
    """Follow the faces of every clip.

    Args:
        photos: Folder of the project's test photos.
        seconds: Length of the clips that are drawn.
    """
    cv2.setNumThreads(1)
    detector = HaarFaceDetector()
    footage = [draw(clip) for clip in _clips(photos, seconds)]
    footage.append(read_demo())
    with Progress(transient=True) as progress:
        task = progress.add_task("frames", total=sum(len(one.frames) for one in footage))
        return [follow(one, detector, lambda: progress.advance(task)) for one in footage]


def follow(
    footage: Footage, detector: HaarFaceDetector, advance: Callable[[], None] = lambda: None
) -> ClipResult:
    """Follow the faces of a clip, and search each frame with the stock detector in turn."""
    finder = CountingFinder(detector)
    follower = FaceFollower(finder)
    stock = cv2.CascadeClassifier(str(cascade_file("frontalface_default")))
    # Threads load the network when they first use it.
    detector.detect(footage.frames[0])
    tracked: list[list[TrackedFace]] = []
    frames = iter(zip(footage.frames, footage.times_s, strict=True))
    again = iter(footage.frames)
    times = time_pairs(
        lambda: tracked.append(follower.update(*next(frames))),
        lambda: stock.detectMultiScale(next(again), 1.1),
        len(footage.frames),
        warm_up=0,
        advance=advance,
        clock=time.thread_time,
    )
    following = None if footage.truth is None else judge(tracked, footage.truth, footage.times_s)
    return ClipResult(
        name=footage.name,
        times=times,
        own_seconds=sum(times.first) - finder.seconds,
        searches=finder.searches,
        lookups=finder.lookups,
        switches=surplus_ids(tracked) if following is None else following.switches,
        following=following,
    )


def draw(clip: Clip) -> Footage:
    """Draw all frames of a clip."""
    numbers = range(clip.frames)
    return Footage(
        clip.name,
        [clip.frame(number) for number in numbers],
        [clip.time_s(number) for number in numbers],
        [clip.truth(number) for number in numbers],
    )


def read_demo() -> Footage:
    """Read the demo's clip."""
    with closing(open_clip(SAMPLE_CLIP, SAMPLE_CLIP.name)) as source:
        entries = [entry for entry in source.entries() if isinstance(entry, Frame)]
    frames = [to_gray(entry.bgr) for entry in entries]
    return Footage("demo clip, 7 cuts", frames, [entry.time_s for entry in entries], None)


def _clips(photos: Path, seconds: float) -> list[Clip]:
    bare, masked = load_people(photos), load_people(photos, masked=True)
    return [
        moving(bare["astronaut"], seconds),
        replace(moving(masked["biden"], seconds), name="one person, masked"),
        crossing(bare["obama"], bare["biden"], seconds),
        replace(crossing(masked["biden"], masked["obama"], seconds), name="two crossing, masked"),
        entering(bare["biden"], masked["astronaut"], seconds),
    ]


def surplus_ids(tracked: Sequence[Sequence[TrackedFace]]) -> int:
    """Count ids that are more than the people to be seen between two cuts of the demo's clip."""
    surplus = 0
    for passage in sample_passages():
        frames = tracked[passage.first : passage.last + 1]
        ids = {face.track_id for faces in frames for face in faces}
        surplus += max(0, len(ids) - passage.faces)
    return surplus
