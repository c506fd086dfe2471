from __future__ import annotations

import pytest

from maskmesh.bench.location.correction import Correction, correct, estimate_corrections
from maskmesh.bench.location.found import Found
from maskmesh.bench.location.photos import Photo, ReferenceFace

PHOTO = (1000, 1000)


def _photo(x: float, side: float, **kind: object) -> Photo:
    values = {"pose": "frontal", "covered": False, **kind, "box": (x, 100, side, side)}
    return Photo(f"{x}", b"", *PHOTO, (ReferenceFace.model_validate(values),))


def _tight(x: float, side: float, part: str) -> Found:
    """A box of 0.8 of the face's side, its middle a tenth of the box right and up of it."""
    small = 0.8 * side
    middle = x + side / 2 + 0.1 * small, 100 + side / 2 - 0.1 * small
    return Found(middle[0] - small / 2, middle[1] - small / 2, small, small, 5.0, part)


def test_the_framing_of_each_part_is_undone() -> None:
    faces = [(50.0 + 10 * index, 100.0 + 20 * index) for index in range(12)]
    photos = [_photo(*face) for face in faces] * 2
    found = [[_tight(*face, "tight")] for face in faces]
    found += [[Found(face[0], 100, face[1], face[1], 5.0, "exact")] for face in faces]
    corrections = estimate_corrections(photos, found, threshold=4.0)
    assert corrections["tight"] == pytest.approx((-0.1, 0.1, 1.25, 1.25))
    assert corrections["exact"] == pytest.approx((0, 0, 1, 1))
    (one,) = correct(found[3], corrections)
    assert one[:4] == pytest.approx((faces[3][0], 100, faces[3][1], faces[3][1]))
    assert one.score == 5.0


@pytest.mark.parametrize("odd", ["weak", "ignored", "outside", "few"])
def test_what_says_nothing_about_the_framing_is_left_out(odd: str) -> None:
    count = 9 if odd == "few" else 12
    x, score = (-20.0 if odd == "outside" else 50.0), (3.0 if odd == "weak" else 5.0)
    photos = [_photo(x, 100.0, ignore=odd == "ignored")] * count
    found = [[_tight(x, 100.0, "")._replace(score=score)]] * count
    assert estimate_corrections(photos, found, threshold=4.0) == {}


def test_a_part_without_correction_stays_as_it_is() -> None:
    one = Found(1, 2, 3, 4, 0.5, "rare")
    assert correct([one], {"other": Correction(width=2.0)}) == [one]
