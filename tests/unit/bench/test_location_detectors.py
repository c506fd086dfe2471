from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskmesh.bench.location.cascades import StockCascade
from maskmesh.bench.location.detectors import DETECTORS, choose_detectors
from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.runtime.errors import NotFoundError, SetupError
from maskmesh.services.runtime.pictures import read_picture

FACE = np.array([[165, 70, 120, 120]], np.float64)


@pytest.fixture(scope="module")
def portrait(faces: Path) -> NDArray[np.uint8]:
    gray = read_picture(faces / "astronaut.jpg", "L")
    return np.ascontiguousarray(gray[:400, :400])


@pytest.mark.parametrize(
    "name",
    [name for name, one in DETECTORS.items() if not one.is_learned and name != "profileface"],
)
def test_usual_boxes_are_the_lenient_ones_above_the_threshold(name, portrait) -> None:
    detector = DETECTORS[name]
    searches = detector.load()
    usual, lenient = searches.usual(portrait), searches.lenient(portrait)
    assert usual
    if name != "fused":  # whose lenient boxes lend their counts to others
        assert set(usual) == {one for one in lenient if one.score >= detector.threshold}
    boxes = np.array([one[:4] for one in usual])
    assert iou_matrix(boxes, FACE).max() > 0.4


def test_the_profile_cascade_finds_a_face_to_either_side(portrait) -> None:
    cascade = StockCascade("profileface")
    found, mirrored = cascade.search(portrait, 0), cascade.search(cv2.flip(portrait, 1), 0)
    assert {one.part for one in found} <= {"profileface", "profileface mirrored"}
    swapped = {"profileface": "profileface mirrored", "profileface mirrored": "profileface"}
    back = {one._replace(x=400 - one.x - one.width, part=swapped[one.part]) for one in mirrored}
    assert found
    assert set(found) == back


def test_all_means_learned_ones_only_if_wanted() -> None:
    assert "dlib_cnn" not in {one.name for one in choose_detectors(None, learned=False)}
    assert "dlib_cnn" in {one.name for one in choose_detectors(None, learned=True)}
    named = choose_detectors(["dlib_cnn", "maskmesh", "dlib_cnn"], learned=False)
    assert [one.name for one in named] == ["dlib_cnn", "maskmesh"]


def test_an_unknown_detector_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match=r"no detector yolo: choose from frontalface_default"):
        choose_detectors(["yolo"], learned=False)


def test_versions_differ_between_detectors_and_stay_between_calls() -> None:
    versions = [one.version() for one in DETECTORS.values()]
    assert len(set(versions)) == len(versions)
    assert versions == [one.version() for one in DETECTORS.values()]


def test_a_cascade_that_opencv_lacks_is_told() -> None:
    with pytest.raises(SetupError, match=r"haarcascade_none\.xml"):
        StockCascade("none")
