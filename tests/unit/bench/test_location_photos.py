from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from maskmesh.bench.location.photos import load_photos, load_shared_sets, sample_photos
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import encode_png

FACE = {"box": [-5, 4, 50, 50], "pose": "frontal", "covered": True, "ignore": False}
ENTRY = {"width": 60, "height": 80, "faces": [FACE]}


@pytest.fixture
def photos_zip(tmp_path: Path) -> Path:
    file = tmp_path / "photos.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("with_mask/a.png", "b.png"):
            archive.writestr(name, encode_png(np.zeros((80, 60), np.uint8)))
    return file


@pytest.fixture
def reference(tmp_path: Path) -> Callable[[Any], Path]:
    def write(content: Any) -> Path:
        file = tmp_path / "reference.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return write


def test_photos_of_a_zip_come_with_their_faces_cut_to_the_picture(photos_zip, reference) -> None:
    photos = load_photos(photos_zip, reference({"b.png": ENTRY, "with_mask/a.png": ENTRY}))
    assert [photo.name for photo in photos] == ["b.png", "with_mask/a.png"]
    assert photos[0].is_masked
    assert photos[0].boxes().tolist() == [[0, 4, 45, 50]]
    assert photos[0].gray().shape == (80, 60)


@pytest.mark.parametrize(
    ("change", "is_headline"),
    [
        ({}, True),
        ({"box": [0, 0, 39, 39]}, False),
        ({"box": [0, 0, 40, 40]}, True),
        ({"pose": "profile"}, False),
        ({"ignore": True}, False),
    ],
)
def test_who_counts_in_the_headline(photos_zip, reference, change, is_headline) -> None:
    entry = {**ENTRY, "faces": [{**FACE, **change}]}
    (photo,) = load_photos(photos_zip, reference({"b.png": entry}))
    assert photo.faces[0].is_headline is is_headline


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no json", "is no file of reference boxes"),
        ({"b.png": {"width": 60, "faces": []}}, r"b\.png/height: Field required"),
        ({"b.png": {**ENTRY, "faces": [{**FACE, "pose": "above"}]}}, r"faces/0/pose"),
        ({}, "names no photos"),
        ({"b.png": ENTRY, "gone.png": ENTRY}, r"names 1 photos that .* lacks, such as gone\.png"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused(photos_zip, reference, content, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        load_photos(photos_zip, reference(content))


def test_a_missing_reference_is_told(photos_zip, tmp_path) -> None:
    with pytest.raises(NotFoundError, match="--reference"):
        load_photos(photos_zip, tmp_path / "none.json")


def test_a_picture_that_cannot_be_decoded_is_named(tmp_path, reference) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "bad.png").write_bytes(b"no picture")
    (photo,) = load_photos(tmp_path / "photos", reference({"bad.png": ENTRY}))
    with pytest.raises(InvalidInputError, match=r"bad\.png: .*not a picture"):
        photo.gray()


def test_missing_sets_say_what_to_do(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MASKMESH_DATA", str(tmp_path))
    with pytest.raises(NotFoundError, match=r"holds no mask_worn_real\.zip.*--data"):
        load_shared_sets()


def test_samples_are_seeded_and_keep_the_order(photos_zip, reference) -> None:
    (photo,) = load_photos(photos_zip, reference({"b.png": ENTRY}))
    many = [photo] * 50
    numbered = list(range(50))
    assert sample_photos(many, None) is many
    chosen = sample_photos(numbered, 10)
    assert chosen == sorted(chosen) == sample_photos(numbered, 10)
    assert len(set(chosen)) == 10


def test_the_projects_references_fit_its_photo_sets(data_home, monkeypatch) -> None:
    monkeypatch.setenv("MASKMESH_DATA", str(data_home))
    photos = load_shared_sets()
    masked = [photo for photo in photos if photo.is_masked]
    assert 400 < len(masked) < len(photos)
    for photo in photos:
        # The header is enough; `Photo.gray` holds the decoded size against the reference.
        with Image.open(io.BytesIO(photo.data)) as picture:
            upright = ImageOps.exif_transpose(picture)
            assert upright.size == photo.size, photo.name
        assert (photo.boxes()[:, 2:] > 0).all(), photo.name
