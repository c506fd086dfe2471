from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import encode_png
from maskmesh.training.dataset import has_splits, load_splits, load_train_and_validation
from maskmesh.training.labels import CLASSES

FACE = encode_png(np.arange(48 * 48, dtype=np.uint8).reshape(48, 48))


def make_zip(file: Path, pictures: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in pictures.items():
            archive.writestr(name, data)
    return file


def test_zip_and_unpacked_folder_give_the_same(striped_zip: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(striped_zip) as archive:
        archive.extractall(tmp_path / "unpacked")
    packed = load_splits(striped_zip, ["train", "validation"])
    unpacked = load_splits(tmp_path / "unpacked", ["train", "validation"])
    assert len(packed["train"]) == 56
    for split, faces in packed.items():
        np.testing.assert_array_equal(faces.images, unpacked[split].images)
        np.testing.assert_array_equal(faces.labels, unpacked[split].labels)
        assert faces.sha256 == unpacked[split].sha256
    assert packed["train"].sha256 != packed["validation"].sha256


def test_labels_follow_the_class_folder(striped_zip: Path) -> None:
    faces = load_splits(striped_zip, ["validation"])["validation"]
    assert [CLASSES[label] for label in faces.labels] == [n.split("/")[1] for n in faces.names]


def test_one_changed_pixel_changes_the_hash(striped_zip: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(striped_zip) as archive:
        archive.extractall(tmp_path)
    before = load_splits(tmp_path, ["train"])["train"].sha256
    (tmp_path / "train" / "angry" / "000.png").write_bytes(FACE)
    assert load_splits(tmp_path, ["train"])["train"].sha256 != before


def test_an_enclosing_folder_and_rubbish_beside_pictures_are_passed_over(tmp_path: Path) -> None:
    pictures = {f"set/train/{name}/1.png": FACE for name in CLASSES}
    rubbish = {"__MACOSX/set/train/happy/._1.png": b"x", "set/train/happy/notes.txt": b"x"}
    faces = load_splits(make_zip(tmp_path / "a.zip", pictures | rubbish), ["train"])["train"]
    assert len(faces) == 7


def test_class_folders_on_top_are_the_split_called_dot(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "a.zip", {f"{name}/1.png": FACE for name in CLASSES})
    assert len(load_splits(file, ["."])["."]) == 7


def test_pictures_of_other_sizes_are_resized(tmp_path: Path) -> None:
    large = encode_png(np.full((120, 90, 3), 77, np.uint8))
    file = make_zip(tmp_path / "a.zip", {f"test/{name}/1.png": large for name in CLASSES})
    images = load_splits(file, ["test"])["test"].images
    assert images.shape == (7, 48, 48)
    assert np.unique(images).tolist() == [77]


def test_head_takes_the_first_of_each_class(striped_zip: Path) -> None:
    faces = load_splits(striped_zip, ["train"])["train"]
    head = faces.head(2)
    assert np.bincount(head.labels).tolist() == [2] * 7
    assert head.names[:2] == faces.names[:2]
    assert head.sha256 != faces.sha256


def test_pictures_of_other_sizes_and_modes_are_counted(tmp_path: Path) -> None:
    large = encode_png(np.full((120, 90, 3), 77, np.uint8))
    pictures = {f"train/{name}/1.png": FACE for name in CLASSES} | {"train/sad/2.png": large}
    assert load_splits(make_zip(tmp_path / "a.zip", pictures), ["train"])["train"].resized == 1


def test_classes_in_other_spellings(tmp_path: Path) -> None:
    folders = ["Anger", "DISGUST", "fearful", "Happiness", "Neutral", "sadness", "Surprised"]
    pictures = {f"train/{name}/1.png": FACE for name in folders}
    faces = load_splits(make_zip(tmp_path / "a.zip", pictures), ["train"])["train"]
    assert [faces.names[row].split("/")[1] for row in np.argsort(faces.labels)] == folders


def test_where_keeps_some_under_a_hash_of_their_own(striped_zip: Path) -> None:
    faces = load_splits(striped_zip, ["train"])["train"]
    keep = np.arange(len(faces)) % 3 == 0
    some = faces.where(keep)
    assert some.names == faces.names[::3]
    np.testing.assert_array_equal(some.images, faces.images[::3])
    assert some.sha256 not in (faces.sha256, faces.where(~keep).sha256)
    assert some.sha256 == faces.where(keep).sha256


def test_train_and_validation_are_the_splits(striped_zip: Path) -> None:
    train, validation = load_train_and_validation(striped_zip, "train", "validation", 0.5)
    assert (len(train), len(validation)) == (56, 21)
    with pytest.raises(InvalidInputError, match="must not be judged on what it learns from"):
        load_train_and_validation(striped_zip, "train", "train", 0.5)


def test_class_folders_alone_are_parted_by_their_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = {
        f"{name}/{k}.png": encode_png(rng.integers(0, 256, (48, 48), dtype=np.uint8))
        for name in CLASSES
        for k in range(40)
    }
    pictures |= {f"sad/twice-{k}.png": pictures[f"sad/{k}.png"] for k in range(10)}
    file = make_zip(tmp_path / "a.zip", pictures)
    assert not has_splits(file)
    train, validation = load_train_and_validation(file, "train", "validation", 0.25)
    assert (train.split, validation.split) == ("train", "validation")
    assert len(train) + len(validation) == 290
    assert 40 < len(validation) < 110
    seen = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in seen for image in validation.images)
    again = load_train_and_validation(file, "train", "validation", 0.25)
    assert [part.sha256 for part in again] == [train.sha256, validation.sha256]


def test_too_few_pictures_to_part(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "a.zip", {f"{name}/1.png": FACE for name in CLASSES})
    with pytest.raises(InvalidInputError, match="too few pictures of angry, disgust"):
        load_train_and_validation(file, "train", "validation", 0.3)


def test_missing_split_is_named_with_those_there(striped_zip: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no split 'test', it has: train, validation"):
        load_splits(striped_zip, ["train", "test"])


def test_unknown_class_folder(tmp_path: Path) -> None:
    pictures = {f"train/{name}/1.png": FACE for name in (*CLASSES, "bored")}
    with pytest.raises(InvalidInputError, match="unknown class folders bored: name them angry"):
        load_splits(make_zip(tmp_path / "a.zip", pictures), ["train"])


def test_empty_classes_are_an_error_only_when_all_are_needed(tmp_path: Path) -> None:
    pictures = {f"train/{name}/1.png": FACE for name in CLASSES[2:]}
    file = make_zip(tmp_path / "a.zip", pictures)
    with pytest.raises(InvalidInputError, match="no pictures of angry, disgust"):
        load_splits(file, ["train"])
    assert len(load_splits(file, ["train"], all_classes=False)["train"]) == 5


def test_broken_pictures_are_counted_and_named(tmp_path: Path) -> None:
    pictures = {f"train/{name}/1.png": FACE for name in CLASSES}
    pictures["train/fear/2.png"] = FACE[:60]
    pictures["train/fear/3.png"] = b""
    with pytest.raises(InvalidInputError, match=r"2 of 9 pictures of train.*train/fear/2.png"):
        load_splits(make_zip(tmp_path / "a.zip", pictures), ["train"])


def test_no_data_at_the_path(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no data at"):
        load_splits(tmp_path / "none.zip", ["train"])


def test_a_file_that_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"not a zip")
    with pytest.raises(InvalidInputError, match="neither a folder nor a whole zip"):
        load_splits(tmp_path / "a.zip", ["train"])


def test_a_zip_with_a_damaged_entry(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "a.zip", {f"train/{name}/1.png": FACE for name in CLASSES})
    data = bytearray(file.read_bytes())
    data[data.index(b"IDAT") + 10] ^= 0xFF
    file.write_bytes(bytes(data))
    with pytest.raises(InvalidInputError, match="fetch the zip again"):
        load_splits(file, ["train"])


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "train" / "happy").mkdir(parents=True)
    with pytest.raises(InvalidInputError, match="no pictures laid out as"):
        load_splits(tmp_path, ["train"])
