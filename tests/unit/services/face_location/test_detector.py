from __future__ import annotations

import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from maskmesh.services.face_location.artifacts import (
    CASCADE_FILE,
    SHIPPED_MODELS,
    VERIFIER_FILE,
)
from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.runtime.errors import InvalidInputError, SetupError
from maskmesh.services.runtime.pictures import read_picture

NAMES = ("astronaut", "obama", "biden")


def cover_lower_half(photo, box):
    """Put a flat white mask over mouth and nose, narrower towards the chin."""
    x, y, width, height = box
    corners = [(0.05, 0.55), (0.5, 0.48), (0.95, 0.55), (0.88, 0.85), (0.5, 1.02), (0.12, 0.85)]
    mask = np.array([(x + u * width, y + v * height) for u, v in corners], np.int32)
    return cv2.fillPoly(photo.copy(), [mask], 225)


@pytest.mark.parametrize("name", NAMES)
def test_the_face_of_a_photo_is_found_once_and_framed_well(detector, photos, true_boxes, iou, name):
    best, *others = detector.detect(photos[name])
    assert iou(best.box, true_boxes[name]) > 0.65
    assert 0.9 < best.score <= 1
    assert not any(iou(other.box, true_boxes[name]) > 0.2 for other in others)


@pytest.mark.parametrize("name", NAMES)
def test_a_covered_mouth_does_not_hide_the_face(detector, photos, true_boxes, iou, name):
    found = detector.detect(cover_lower_half(photos[name], true_boxes[name]))
    assert [iou(face.box, true_boxes[name]) > 0.5 for face in found[:2]] in ([True], [True, False])


def test_a_face_is_found_that_the_stock_cascade_does_not_see(detector, photos, true_boxes, iou):
    masked = cover_lower_half(photos["biden"], true_boxes["biden"])
    stock = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    seen = [tuple(map(int, box)) for box in stock.detectMultiScale(masked, 1.1, 3)]
    assert not any(iou(box, true_boxes["biden"]) > 0.3 for box in seen)
    (found,) = detector.detect(masked)
    assert found.source == "face"
    assert iou(found.box, true_boxes["biden"]) > 0.6


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((480, 640), np.uint8),
        np.full((480, 640), 255, np.uint8),
        np.random.default_rng(7).integers(0, 256, (480, 640), dtype=np.uint8),
        np.tile(np.linspace(0, 255, 640).astype(np.uint8), (480, 1)),
        np.kron(np.indices((12, 16)).sum(0) % 2, np.full((40, 40), 255)).astype(np.uint8),
    ],
    ids=["black", "white", "noise", "gradient", "checkerboard"],
)
def test_no_face_is_found_where_there_is_none(detector, picture):
    assert detector.detect(picture) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (16, 16), (19, 23), (24, 2000)])
def test_pictures_too_small_for_a_face_have_none(detector, shape):
    assert detector.detect(np.full(shape, 128, np.uint8)) == []


@pytest.mark.parametrize(
    "cut_at",
    [(198, 0, 512, 400), (0, 62, 512, 400), (0, 0, 352, 400), (0, 0, 512, 226)],
    ids=["left", "top", "right", "bottom"],
)
def test_a_face_at_the_border_is_found_and_its_box_stays_inside(
    detector, photos, true_boxes, iou, cut_at
):
    from_x, from_y, to_x, to_y = cut_at
    cut = np.ascontiguousarray(photos["obama"][from_y:to_y, from_x:to_x])
    (found,) = detector.detect(cut)
    x, y, width, height = found.box
    assert 0 <= x < x + width <= cut.shape[1]
    assert 0 <= y < y + height <= cut.shape[0]
    whole = true_boxes["obama"]
    assert iou((x + from_x, y + from_y, width, height), whole) > 0.55


def test_a_face_that_fills_the_picture_is_found(detector, photos, true_boxes):
    x, y, width, height = true_boxes["biden"]
    crop = np.ascontiguousarray(photos["biden"][y : y + height, x : x + width])
    (found,) = detector.detect(crop)
    assert found.box[2] * found.box[3] > 0.5 * crop.size


def test_two_people_are_two_faces_best_first(detector, photos):
    both = np.concatenate([photos["obama"], photos["biden"]], axis=1)
    found = detector.detect(both)
    assert sorted(face.box[0] // 512 for face in found[:2]) == [0, 1]
    scores = [face.score for face in found]
    assert scores == sorted(scores, reverse=True)
    assert all(score < 0.9 for score in scores[2:])


@pytest.mark.parametrize("scale", [0.5, 2, 6])
def test_boxes_are_in_pixels_of_the_picture_given(detector, photos, true_boxes, iou, scale):
    photo = cv2.resize(photos["obama"], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = detector.detect(photo)[0]
    box = tuple(value / scale for value in found.box)
    assert iou(box, true_boxes["obama"]) > 0.65


def test_a_smaller_face_needs_a_larger_search_picture(photos, true_boxes, iou):
    scale = 0.17
    canvas = np.full((480, 640), 110, np.uint8)
    small = cv2.resize(photos["obama"], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    canvas[100 : 100 + small.shape[0], 200 : 200 + small.shape[1]] = small
    x, y, width, height = (value * scale for value in true_boxes["obama"])
    expected = (x + 200, y + 100, width, height)
    assert HaarFaceDetector(search_side=320).detect(canvas) == []
    (found,) = HaarFaceDetector(search_side=640).detect(canvas)
    assert iou(found.box, expected) > 0.5


def test_a_higher_least_score_returns_a_part_of_the_same_faces(detector, photos):
    blurred = cv2.GaussianBlur(photos["astronaut"], (0, 0), 6)
    all_of_them = HaarFaceDetector(min_score=0.02).detect(blurred)
    assert all(face.score >= 0.02 for face in all_of_them)
    assert HaarFaceDetector(min_score=0.999999).detect(blurred) == []
    assert len(all_of_them) >= 1


def test_threads_find_what_one_alone_finds(detector, photos):
    pictures = [photos[name] for name in NAMES] * 3
    alone = [detector.detect(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detector.detect, pictures)) == alone


def test_the_picture_given_is_not_changed(detector, photos):
    photo = photos["biden"].copy()
    photo.flags.writeable = False
    detector.detect(photo)
    np.testing.assert_array_equal(photo, photos["biden"])


@pytest.mark.parametrize(
    "picture",
    [np.zeros((50, 50, 3), np.uint8), np.zeros((50, 50), np.float32), np.zeros((0, 50), np.uint8)],
    ids=["colour", "not 8 bits", "empty"],
)
def test_what_is_no_gray_picture_is_refused_saying_what_came(detector, picture):
    with pytest.raises(InvalidInputError, match=r"expected a gray picture, uint8 H×W, got .*shape"):
        detector.detect(picture)


def test_most_real_masked_faces_are_found(detector, data_home, tmp_path):
    archive = data_home / "mask_worn_real.zip"
    if not archive.is_file():
        pytest.skip(f"no {archive}")
    with zipfile.ZipFile(archive) as real:
        names = sorted(n for n in real.namelist() if "/with_mask/" in f"/{n}" and n[-1] != "/")
        sample = np.random.default_rng(3).choice(names, 30, replace=False)
        found = sum(
            bool(detector.detect(read_picture(Path(real.extract(name, tmp_path)), "L")))
            for name in sample.tolist()
        )
    assert found >= 25


@pytest.mark.parametrize("across", [-0.3, 0, 0.3])
@pytest.mark.parametrize(("down", "scale"), [(0, 1.0), (0.15, 1.0), (0, 0.8), (-0.1, 1.25)])
def test_a_face_is_found_near_where_it_was_expected(photos, true_boxes, across, down, scale):
    detector = HaarFaceDetector()
    x, y, width, height = true_boxes["obama"]
    side = width * scale
    left = x + (width - side) / 2 + across * width
    expected = np.array([[left, y + (height - side) / 2 + down * height, side, side]])
    (found,) = detector.find_near(photos["obama"], expected)
    assert found.source == "track"
    boxes = np.array([found.box, true_boxes["obama"]], np.float64)
    assert iou_matrix(boxes, boxes)[0, 1] > 0.65


def test_looking_again_and_again_stays_on_the_face(detector, photos, true_boxes, iou):
    box = true_boxes["obama"]
    for _ in range(20):
        (found,) = detector.find_near(photos["obama"], np.array([box], np.float64))
        box = found.box
    assert iou(box, true_boxes["obama"]) > 0.65


def test_where_no_face_is_near_none_is_found(detector, photos):
    expected = np.array([[5.0, 300.0, 120.0, 120.0], [-900.0, -900.0, 50.0, 50.0]])
    assert detector.find_near(photos["obama"], expected) == [None, None]


def test_faces_far_from_where_they_were_expected_are_left_to_the_search(
    detector, photos, true_boxes
):
    x, y, width, height = true_boxes["obama"]
    expected = np.array([[x + 0.9 * width, y, width, height]], np.float64)
    assert detector.find_near(photos["obama"], expected) == [None]


def test_several_expected_faces_are_answered_in_order(detector, photos, true_boxes, iou):
    both = np.concatenate([photos["obama"], photos["biden"]], axis=1)
    x, y, width, height = true_boxes["biden"]
    expected = np.array([(x + 512, y, width, height), true_boxes["obama"]], np.float64)
    biden, obama = detector.find_near(both, expected)
    assert iou(obama.box, true_boxes["obama"]) > 0.65
    assert biden.box[0] > 512
    assert detector.find_near(both, np.zeros((0, 4))) == []


def test_the_files_must_be_there_and_whole(tmp_path):
    with pytest.raises(SetupError, match=r"masked_faces\.xml is missing"):
        HaarFaceDetector(models=tmp_path)
    for name in (CASCADE_FILE, VERIFIER_FILE):
        shutil.copyfile(SHIPPED_MODELS / name, tmp_path / name)
    HaarFaceDetector(models=tmp_path)
    (tmp_path / VERIFIER_FILE).write_bytes(b"no network")
    with pytest.raises(SetupError, match="cannot be loaded as an ONNX model"):
        HaarFaceDetector(models=tmp_path)
    (tmp_path / CASCADE_FILE).write_text("<no-cascade/>")
    with pytest.raises(SetupError, match="no cascade that OpenCV can read"):
        HaarFaceDetector(models=tmp_path)
