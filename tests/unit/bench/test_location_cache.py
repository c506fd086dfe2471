from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskmesh.bench.location.cache import FoundCache
from maskmesh.bench.location.detectors import Detector
from maskmesh.bench.location.found import Found, Search
from maskmesh.bench.location.photos import Photo
from maskmesh.services.runtime.pictures import encode_png

FOUND = [Found(1.5, 2.0, 30.0, 40.0, 0.75, "part"), Found(0, 0, 1, 1, 0.5)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "model.bin"
    file.write_bytes(b"first")
    return file


@pytest.fixture
def detector(model: Path) -> Detector:
    def never() -> None:
        raise AssertionError("the cache needs no loaded detector")

    return Detector("some", "some", 0.0, never, sources=lambda: [model])


def _photo(gray: int) -> Photo:
    return Photo(f"{gray}.png", encode_png(np.full((20, 20), gray, np.uint8)), 20, 20, ())


def _counting(calls: list[int]) -> Search:
    def search(gray: np.ndarray) -> list[Found]:
        calls.append(int(gray[0, 0]))
        return FOUND

    return search


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, detector: Detector) -> None:
    calls: list[int] = []
    first = FoundCache(tmp_path, detector)
    for gray in (1, 2):
        assert first.search(_photo(gray), _counting(calls)) == FOUND
    # Killed while it wrote the third line.
    with (tmp_path / "some.jsonl").open("a") as stream:
        stream.write('{"version": "')
    second = FoundCache(tmp_path, detector)
    assert [_photo(gray) in second for gray in (1, 2, 3)] == [True, True, False]
    for gray in (1, 2, 3):
        assert second.search(_photo(gray), _counting(calls)) == FOUND
    assert calls == [1, 2, 3]
    assert _photo(3) in FoundCache(tmp_path, detector)


def test_another_version_of_the_detector_searches_again(
    tmp_path: Path, detector: Detector, model: Path
) -> None:
    FoundCache(tmp_path, detector).search(_photo(1), _counting([]))
    assert _photo(1) in FoundCache(tmp_path, detector)
    model.write_bytes(b"second")
    assert _photo(1) not in FoundCache(tmp_path, detector)


def test_detectors_do_not_share_results(tmp_path: Path, detector: Detector) -> None:
    FoundCache(tmp_path, detector).search(_photo(1), _counting([]))
    assert _photo(1) not in FoundCache(tmp_path, replace(detector, name="other"))
