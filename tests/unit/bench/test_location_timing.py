from __future__ import annotations

import itertools

import numpy as np
import pytest

from maskmesh.bench.location.photos import Photo
from maskmesh.bench.location.timing import as_frame, time_frames
from maskmesh.services.runtime.pictures import encode_png

PHOTO = Photo("photo.png", encode_png(np.zeros((60, 80), np.uint8)), 80, 60, ())


def test_all_detectors_take_the_same_frame_and_each_goes_first_in_turn() -> None:
    calls: list[str] = []
    advanced: list[int] = []
    ticks = itertools.count()

    def search(name: str):
        def one(gray: np.ndarray) -> list:
            assert gray.shape == (480, 640)
            calls.append(name)
            if name == "b" and len(calls) > 2:
                next(ticks)  # takes a second longer
            return []

        return one

    times = time_frames(
        {"a": search("a"), "b": search("b")},
        [PHOTO] * 3,
        advance=lambda: advanced.append(len(calls)),
        clock=lambda: float(next(ticks)),
    )
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"
    assert advanced == [4, 6, 8]
    assert times["a"].milliseconds == (1000.0,) * 3
    assert times["b"].median == times["b"].slow == 2000.0


@pytest.mark.parametrize(
    ("height", "width", "scaled"),
    [(60, 80, (480, 640)), (100, 50, (480, 240)), (960, 1280, (480, 640)), (16, 900, (11, 640))],
)
def test_frames_are_480_by_640_with_the_whole_photo_in_the_middle(height, width, scaled) -> None:
    gray = np.full((height, width), 200, np.uint8)
    gray[:, : width // 2] = 100
    frame = as_frame(gray)
    assert frame.shape == (480, 640)
    left = (640 - scaled[1]) // 2
    assert (frame[:, : left + scaled[1] // 2 - 8] == 100).all()
    assert (frame[:, left + scaled[1] // 2 + 8 :] == 200).all()
