from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from maskmesh.bench.framing_faces import (
    FINENESS,
    Face,
    Framing,
    fer_faces,
    framed_box,
    portrait_faces,
)
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training.labels import CLASSES

BOX = (100.0, 50.0, 80.0, 80.0)


def test_the_present_framing_is_the_box_itself():
    assert framed_box(BOX, Framing()) == (100, 50, 80, 80)


def test_a_scaled_crop_keeps_its_middle():
    assert framed_box(BOX, Framing(scale=1.5)) == (80, 30, 120, 120)
    assert framed_box(BOX, Framing(scale=0.5)) == (120, 70, 40, 40)


def test_shifts_are_shares_of_the_boxs_side_to_the_right_and_down():
    assert framed_box(BOX, Framing(dx=0.25)) == (120, 50, 80, 80)
    assert framed_box(BOX, Framing(dy=-0.25)) == (100, 30, 80, 80)
    assert framed_box(BOX, Framing(scale=0.5, dx=0.25)) == (140, 70, 40, 40)


def test_a_box_that_is_no_square_becomes_one_around_its_middle():
    assert framed_box((100.0, 50.0, 40.0, 80.0), Framing()) == (80, 50, 80, 80)


def test_crops_show_what_lies_there():
    picture = np.zeros((200, 200), np.uint8)
    picture[:, 100:] = 200
    face = Face(picture, None, (60.0, 60.0, 80.0, 80.0), 0)
    middle = face.crop(Framing(), masked=False)
    assert middle.shape == (48, 48)
    assert (middle[:, :24] == 0).all()
    assert (middle[:, 24:] == 200).all()
    # A crop that lies a quarter further right sees a quarter more of the bright half.
    right = face.crop(Framing(dx=0.25), masked=False)
    assert (right == 200).mean() == pytest.approx(0.75, abs=0.03)
    low = face.crop(Framing(dy=0.25), masked=False)
    assert (low == middle).all()


def test_a_face_without_a_mask_has_no_masked_crop():
    face = Face(np.zeros((9, 9), np.uint8), None, (0.0, 0.0, 9.0, 9.0), 0)
    with pytest.raises(ValueError, match="no masked picture"):
        face.crop(Framing(), masked=True)


def encoded(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def small_faces(faces):
    gray = read_picture(faces / "astronaut.jpg", "L")
    cut = Image.fromarray(gray[58:178, 165:285]).resize((48, 48))
    return [np.clip(np.asarray(cut).astype(int) + k, 0, 255).astype(np.uint8) for k in range(7)]


@pytest.fixture
def crops(tmp_path, small_faces):
    path = tmp_path / "crops.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, pixels in zip(CLASSES, small_faces, strict=True):
            archive.writestr(f"validation/{name}/a.png", encoded(pixels))
    return path


def test_crops_of_a_data_set_come_back_exactly(crops, small_faces):
    found = fer_faces(crops, "validation", None, seed=1)
    assert [face.label for face in found] == list(range(7))
    for face, pixels in zip(found, small_faces, strict=True):
        assert face.box == (0.0, 0.0, 48.0 * FINENESS, 48.0 * FINENESS)
        assert (face.crop(Framing(), masked=False) == pixels).all()
        # Only what lies below the eyes is changed by the mask.
        masked = face.crop(Framing(), masked=True)
        changed = (masked.astype(int) - pixels) != 0
        assert changed[24:].mean() > 0.3
        assert not changed[:12].any()


def test_a_sample_is_drawn_by_the_seed(crops):
    def labels(seed):
        return [face.label for face in fer_faces(crops, "validation", 3, seed)]

    assert labels(1) == labels(1)
    assert len({tuple(labels(seed)) for seed in range(5)}) > 1


def write_portraits(tmp_path, faces, folder, boxes):
    photo = (faces / "astronaut.jpg").read_bytes()
    height, width = read_picture(faces / "astronaut.jpg", "L").shape
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}/a.jpg", photo)
    entry = {"width": width, "height": height, "faces": boxes}
    reference = tmp_path / "boxes.json"
    reference.write_text(json.dumps({f"{folder}/a.jpg": entry}))
    return path, reference


def reference_face(box, **kind):
    return {"box": box, "pose": "frontal", "covered": False, **kind}


def test_the_largest_bare_face_of_a_photo_counts(tmp_path, faces):
    boxes = [
        reference_face([10, 10, 30, 30]),
        reference_face([165, 58, 120, 120]),
        reference_face([0, 0, 200, 200], ignore=True),
        reference_face([0, 0, 200, 200], covered=True),
    ]
    (face,) = portrait_faces(*write_portraits(tmp_path, faces, "happy", boxes), seed=1)
    assert face.box == (165.0, 58.0, 120.0, 120.0)
    assert face.label == CLASSES.index("happy")
    assert face.bare.shape == face.masked.shape
    # The mask lies on the face, not elsewhere in the photo.
    changed = np.argwhere(face.bare != face.masked)
    assert len(changed) > 1000
    assert (changed.min(axis=0) > (58, 140)).all()
    assert (changed.max(axis=0) < (240, 310)).all()


def test_photos_without_a_bare_face_are_left_out(tmp_path, faces):
    boxes = [reference_face([165, 58, 120, 120], covered=True)]
    assert portrait_faces(*write_portraits(tmp_path, faces, "happy", boxes), seed=1) == []


def test_a_folder_that_is_no_class_is_told(tmp_path, faces):
    boxes = [reference_face([165, 58, 120, 120])]
    photos = write_portraits(tmp_path, faces, "smiling", boxes)
    with pytest.raises(InvalidInputError, match=r"smiling/a\.jpg lies in none of the folders"):
        portrait_faces(*photos, seed=1)
