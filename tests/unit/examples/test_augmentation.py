from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.runtime.pictures import encode_png, read_picture

SCRIPT = Path(__file__).parents[3] / "examples" / "augmentation.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("augmentation_example", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(faces, tmp_path_factory):
    """Crops of one face each, all of one size, in class folders."""
    folder = tmp_path_factory.mktemp("crops")
    detector = HaarFaceDetector()
    for index, photo in enumerate(sorted(faces.glob("*.jpg"))):
        gray = read_picture(photo, "L")
        x, y, width, height = detector.detect(gray)[0].box
        crop = gray[y : y + height, x : x + width][:100, :100]
        (folder / f"class{index % 2}").mkdir(exist_ok=True)
        (folder / f"class{index % 2}" / f"{photo.stem}.png").write_bytes(encode_png(crop))
    return folder


@pytest.fixture(scope="module")
def cached(example, folder):
    files = example.pictures_in(folder)
    faces = example.faces_of(files)
    landmarks = example.cached_landmarks(files, faces, folder / "kept.npz")
    return faces, landmarks, np.arange(len(files))


def test_landmarks_are_found_once_and_again_when_the_pictures_change(
    example, folder, cached, monkeypatch
):
    files = sorted(folder.glob("*/*.png"))

    def refuse():
        raise AssertionError("landmarks were kept, nothing is to be predicted")

    monkeypatch.setattr(example, "LandmarkPredictor", refuse)
    kept = example.cached_landmarks(files, cached[0], folder / "kept.npz")
    assert np.array_equal(kept, cached[1])
    with pytest.raises(AssertionError, match="nothing is to be predicted"):
        example.cached_landmarks(files[:2], cached[0][:2], folder / "kept.npz")


def test_tf_data_gives_other_masks_each_epoch_and_the_same_from_the_same_seed(example, cached):
    def epochs(seed):
        dataset = example.masked_tf_dataset(*cached, seed=seed)
        return [np.stack([face.numpy() for face, _ in dataset]) for _ in range(2)]

    first, second = epochs(5)
    assert first.shape == cached[0].shape
    lower = slice(65, 90)
    assert (first[:, lower] != cached[0][:, lower]).mean() > 0.5
    assert (first != second).any()
    assert all(np.array_equal(a, b) for a, b in zip((first, second), epochs(5), strict=True))


def test_the_pytorch_style_dataset_gives_other_masks_each_epoch(example, cached):
    dataset = example.MaskedFaces(*cached, seed=5)
    face, label = dataset[1]
    assert (face.shape, face.dtype, label) == ((1, 100, 100), np.float32, 1)
    assert 0.0 <= face.min() < face.max() <= 1.0
    assert np.array_equal(dataset[1][0], face)
    faces = [dataset[index][0] for index in range(len(dataset))]
    dataset.set_epoch(1)
    again = [dataset[index][0] for index in range(len(dataset))]
    assert any((one != other).any() for one, other in zip(faces, again, strict=True))


def test_the_script_runs_on_a_folder_and_writes_nothing_there(folder):
    before = sorted(folder.rglob("*"))
    told = subprocess.run(
        [sys.executable, SCRIPT, folder], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "tf.data: faces (3, 100, 100), labels [0 0 1]" in told.stdout
    assert "PyTorch: epoch 1, 3 faces" in told.stdout
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "no pictures in"),
        ({"flat.png": 48}, "holds a folder for each class"),
        ({"a/1.png": 48, "a/2.png": 0}, "2.png: these 10 bytes are not a picture"),
        ({"a/1.png": 48, "b/1.png": 50, "b/notes.txt": 0}, "make all of one size"),
    ],
)
def test_what_it_cannot_use_is_said_in_a_line(example, tmp_path, monkeypatch, files, told):
    for name, side in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        content = encode_png(np.full((side, side), 99, np.uint8)) if side else b"no picture"
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["augmentation.py", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        example.main()
    assert str(ended.value).startswith("augmentation.py: error: ")
    assert told in str(ended.value)
    assert len(str(ended.value).splitlines()) == 1
