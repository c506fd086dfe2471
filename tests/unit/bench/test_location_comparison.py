from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.bench.location.comparison import compare
from maskmesh.bench.location.detectors import Detector
from maskmesh.bench.location.found import Found, GrayArray, Searches
from maskmesh.bench.location.photos import Photo, ReferenceFace
from maskmesh.services.runtime.pictures import encode_png

FACE = ReferenceFace(box=(20, 20, 100, 100), pose="frontal", covered=True)
# 50 of 100 pixels wide in its middle: IoU 0.25 before any correction.
TIGHT = Found(45, 45, 50, 50, 1.0)


@pytest.fixture(scope="module")
def photos() -> list[Photo]:
    pictures = [encode_png(np.full((150, 150), gray, np.uint8)) for gray in range(12)]
    return [Photo(f"{i}.png", data, 150, 150, (FACE,)) for i, data in enumerate(pictures)]


def _detector(name: str, seen: list[int] | None = None, **kind: bool) -> Detector:
    def search(gray: GrayArray) -> list[Found]:
        if seen is not None:
            seen.append(int(gray[0, 0]))
        return [TIGHT]

    return Detector(name, name, 0.5, lambda: Searches(search, search), lambda: [], **kind)


def test_only_other_detectors_are_corrected(photos: list[Photo], tmp_path: Path) -> None:
    detectors = [_detector("other"), _detector("own", is_foreign=False)]
    other, own = compare(detectors, photos, tmp_path, learned_photos=1, timed_photos=2)
    assert other.corrections[""] == pytest.approx((0, 0, 2, 2))
    assert (other.metrics.masked.recall, other.metrics.masked.mean_iou) == (1.0, 1.0)
    assert own.corrections == {}
    assert own.metrics.masked.recall == own.metrics.false_per_photo == 0.0
    assert own.metrics.masked.any_box == 1.0
    assert other.times is not None
    assert len(other.times.milliseconds) == 2


def test_a_learned_detector_sees_a_part_of_the_photos(photos: list[Photo], tmp_path: Path) -> None:
    seen: list[int] = []
    detectors = [_detector("slow", seen, is_learned=True), _detector("quick")]
    for _ in range(2):
        slow, quick = compare(detectors, photos, tmp_path, learned_photos=3, timed_photos=0)
        # The second run takes everything from the cache.
        assert len(seen) == 3
    assert (slow.photos, slow.metrics.masked.photos, quick.photos) == (3, 3, 12)
    assert slow.times is None


def test_files_that_change_during_a_run_make_the_next_run_search_again(
    photos: list[Photo], tmp_path: Path
) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"old")
    seen: list[int] = []

    def search(gray: GrayArray) -> list[Found]:
        seen.append(int(gray[0, 0]))
        model.write_bytes(b"new")
        return [TIGHT]

    changing = Detector("x", "x", 0.5, lambda: Searches(search, search), lambda: [model])
    for _ in range(2):
        compare([_detector("first"), changing], photos, tmp_path, learned_photos=1, timed_photos=0)
    assert len(seen) == 2 * len(photos)
