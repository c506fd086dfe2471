"""All detectors over the same photos in one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from maskmesh.bench.location.cache import FoundCache
from maskmesh.bench.location.correction import Correction, correct, estimate_corrections
from maskmesh.bench.location.detectors import Detector
from maskmesh.bench.location.evaluation import Metrics, judge, match_photo
from maskmesh.bench.location.found import Found, Search
from maskmesh.bench.location.photos import Photo, sample_photos
from maskmesh.bench.location.timing import FrameTimes, time_frames


@dataclass(frozen=True, slots=True)
class DetectorResult:
    """One detector's numbers.

    Attributes:
        detector: Whose they are.
        photos: How many photos it saw.
        metrics: With its boxes brought to the reference's framing.
        corrections: What that took, by part of the detector.
        times: Per frame; None if no time was taken.
    """

    detector: Detector
    photos: int
    metrics: Metrics
    corrections: dict[str, Correction]
    times: FrameTimes | None


def compare(
    detectors: Sequence[Detector],
    photos: list[Photo],
    cache_folder: Path,
    learned_photos: int,
    timed_photos: int,
) -> list[DetectorResult]:
    """Run detectors over photos and take their times.

    Args:
        detectors: To compare.
        photos: With reference faces.
        cache_folder: Results are kept there from run to run.
        learned_photos: How many of the photos, at most, a learned detector sees.
        timed_photos: How many of the photos make frames for the timing; 0 takes no times.

    Raises:
        InvalidInputError: A photo cannot be read.
        SetupError: A file that a detector needs is missing.
    """
    cv2.setNumThreads(1)
    # Versions are taken when the detectors are loaded: their files may change during a long run.
    caches = {one.name: FoundCache(cache_folder, one) for one in detectors}
    searches = {one.name: one.load() for one in detectors}
    with _progress() as progress:
        seen, found = {}, {}
        for one in detectors:
            limit = learned_photos if one.is_learned else None
            seen[one.name] = sample_photos(photos, limit)
            found[one.name] = _search_all(
                one, searches[one.name].lenient, seen[one.name], caches[one.name], progress
            )
    times = _take_times({name: both.usual for name, both in searches.items()}, photos, timed_photos)
    return [_result(one, seen[one.name], found[one.name], times.get(one.name)) for one in detectors]


def _search_all(
    detector: Detector, search: Search, photos: list[Photo], cache: FoundCache, progress: Progress
) -> list[list[Found]]:
    task = progress.add_task(detector.title, total=len(photos))
    found = []
    for photo in photos:
        found.append(cache.search(photo, search))
        progress.advance(task)
    return found


def _take_times(
    searches: dict[str, Search], photos: list[Photo], timed_photos: int
) -> dict[str, FrameTimes]:
    if not timed_photos:
        return {}
    frames = sample_photos(photos, timed_photos)
    # Drawn only between the frames: a thread of its own would be timed too.
    with _progress(auto_refresh=False) as progress:
        task = progress.add_task("timing", total=len(frames))

        def advance() -> None:
            progress.advance(task)
            progress.refresh()

        return time_frames(searches, frames, advance)


def _result(
    detector: Detector,
    photos: list[Photo],
    found: list[list[Found]],
    times: FrameTimes | None,
) -> DetectorResult:
    corrections = (
        estimate_corrections(photos, found, detector.threshold) if detector.is_foreign else {}
    )
    matchings = [
        match_photo(photo, [(one[:4], one.score) for one in correct(boxes, corrections)])
        for photo, boxes in zip(photos, found, strict=True)
    ]
    metrics = judge(matchings, photos, detector.threshold)
    return DetectorResult(detector, len(photos), metrics, corrections, times)


def _progress(auto_refresh: bool = True) -> Progress:
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        transient=True,
        auto_refresh=auto_refresh,
    )
