from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from maskmesh.bench.location.evaluation import evaluate
from maskmesh.bench.location.photos import Photo, ReferenceFace
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.pictures import encode_png

SIDE = 200


def _photo(number: int, *faces: ReferenceFace) -> Photo:
    # The detector under test tells photos apart by their gray value.
    pixels = np.full((SIDE, SIDE), number, np.uint8)
    return Photo(f"{number}.png", encode_png(pixels), SIDE, SIDE, faces)


def _face(x: int = 10, side: int = 50, **kind: object) -> ReferenceFace:
    values = {"pose": "frontal", "covered": True, **kind}
    return ReferenceFace.model_validate({"box": (x, 10, side, side), **values})


def _detector(found: dict[int, Sequence[tuple[Sequence[float], float]]]):
    return lambda gray: found.get(int(gray[0, 0]), [])


def test_the_kinds_of_faces_are_counted_apart() -> None:
    photos = [
        _photo(1, _face()),
        _photo(2, _face(covered=False)),
        _photo(3, _face(), _face(x=100, side=30), _face(x=140, pose="profile")),
    ]
    at_first = ([10, 10, 50, 50], 1.0)
    metrics = evaluate(_detector({1: [at_first], 3: [([100, 10, 30, 30], 1.0)]}), photos)
    masked, unmasked = metrics.masked, metrics.unmasked
    assert (masked.photos, masked.faces, masked.all_faces) == (2, 2, 4)
    assert (masked.recall, masked.recall_all) == (1 / 2, 2 / 4)
    assert (unmasked.photos, unmasked.faces, unmasked.recall) == (1, 1, 0.0)
    assert (masked.single_photos, masked.recall_single) == (1, 1.0)
    assert np.isnan(unmasked.mean_iou)
    assert masked.mean_iou == pytest.approx(1.0)


def test_false_boxes_and_duplicates_do_not_mix() -> None:
    found = [([10, 10, 50, 50], 0.9), ([12, 10, 50, 50], 0.8), ([120, 120, 50, 50], 0.7)]
    metrics = evaluate(_detector({1: found}), [_photo(1, _face()), _photo(2, _face())])
    assert metrics.false_per_photo == metrics.masked.false_per_photo == 0.5
    assert metrics.masked.duplicates_per_photo == 0.5
    assert metrics.masked.recall == 0.5
    # One face of two at precision 1.
    assert metrics.masked.average_precision == pytest.approx(0.5)


def test_an_ignored_face_neither_counts_nor_makes_a_box_false() -> None:
    photo = _photo(1, _face(), _face(x=100, ignore=True))
    metrics = evaluate(_detector({1: [([100, 10, 50, 50], 0.9)]}), [photo])
    assert metrics.masked.faces == metrics.masked.single_photos == 1
    assert metrics.masked.recall == metrics.masked.recall_single == 0.0
    assert metrics.masked.any_box == 1.0
    assert metrics.false_per_photo == 0.0


def test_below_the_threshold_boxes_count_only_in_the_curve() -> None:
    found = {1: [([10, 10, 50, 50], 0.3)], 2: [([120, 120, 50, 50], 0.2)]}
    metrics = evaluate(_detector(found), [_photo(1, _face()), _photo(2, _face())], threshold=0.5)
    assert metrics.masked.recall == metrics.masked.any_box == metrics.false_per_photo == 0.0
    assert metrics.masked.average_precision == pytest.approx(0.5)
    assert metrics.masked.curve.thresholds.tolist() == [0.3, 0.2]


def test_recall_at_few_false_boxes_lowers_the_threshold_as_far_as_allowed() -> None:
    photos = [_photo(number, _face()) for number in range(20)]
    on_face, beside = [10, 10, 50, 50], [120, 120, 50, 50]
    found = {number: [(on_face, 1.0 - number / 100)] for number in range(20)}
    # One false box in 20 photos is allowed, the second is not.
    found[3] += [(beside, 0.945)]
    found[4] += [(beside, 0.905)]
    metrics = evaluate(_detector(found), photos)
    assert metrics.masked.recall == 1.0
    assert metrics.masked.recall_at_allowed_false == pytest.approx(10 / 20)


def test_a_photo_of_another_size_than_its_reference_is_refused() -> None:
    photo = _photo(1, _face())
    wrong = Photo(photo.name, photo.data, SIDE, SIDE + 1, photo.faces)
    with pytest.raises(InvalidInputError, match=r"1\.png has 200×200 pixels, .* says 200×201"):
        evaluate(_detector({}), [wrong])


def test_in_a_mixed_photo_each_face_counts_for_its_kind_and_false_boxes_once() -> None:
    photo = _photo(1, _face(), _face(x=100, covered=False))
    found = [([10, 10, 50, 50], 0.9), ([100, 10, 50, 50], 0.8), ([10, 140, 50, 50], 0.7)]
    metrics = evaluate(_detector({1: found}), [photo, _photo(2, _face(covered=False))])
    assert (metrics.masked.recall, metrics.unmasked.recall) == (1.0, 0.5)
    assert (metrics.masked.false_per_photo, metrics.unmasked.false_per_photo) == (1.0, 0.0)
    assert metrics.masked.curve.precision.tolist() == [1.0, 0.5]
    assert metrics.unmasked.curve.precision.tolist() == [1.0]
    assert (metrics.masked.single_photos, metrics.unmasked.single_photos) == (0, 1)


def test_an_ignored_masked_passer_by_makes_no_masked_photo() -> None:
    face, passer_by = _face(covered=False), _face(x=100, ignore=True)
    assert not _photo(1, face, passer_by).is_masked
    assert _photo(1, passer_by).is_masked
