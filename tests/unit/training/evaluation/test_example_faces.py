from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.runtime.errors import NoFaceError, NotFoundError
from maskmesh.services.runtime.pictures import encode_png
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.evaluation.dressing import DressedFaces
from maskmesh.training.evaluation.example_faces import faces_of_photos, one_of_each_class


def says(labels: list[int], sure: list[float]) -> np.ndarray:
    """Probabilities whose highest is of the given class."""
    rest = (1 - np.array(sure, np.float32)) / 6
    out = np.repeat(rest[:, None], 7, axis=1)
    out[np.arange(len(labels)), labels] = sure
    return out


def faces_of(labels: list[int]) -> LabelledFaces:
    images = np.arange(len(labels), dtype=np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
    return LabelledFaces("x", images, np.array(labels), ("",) * len(labels), "d" * 64)


def chosen(faces: LabelledFaces, worn: list[bool], plain: np.ndarray, masked: np.ndarray):
    found = one_of_each_class(
        faces, DressedFaces(faces.images + 100, np.array(worn)), plain, masked
    )
    np.testing.assert_array_equal(found.masked, found.plain + 100)
    return found.titles, found.plain[:, 0, 0].tolist()


def test_the_middling_one_of_those_right_both_times() -> None:
    faces = faces_of([3, 3, 3, 3])
    plain = says([3, 3, 3, 3], [0.9, 0.5, 0.7, 0.99])
    masked = says([3, 3, 3, 0], [0.9, 0.5, 0.6, 0.99])
    assert chosen(faces, [True] * 4, plain, masked) == (("happy",), [2])


def test_one_right_once_where_none_is_right_twice() -> None:
    faces = faces_of([1, 1, 6])
    plain = says([0, 1, 0], [0.8, 0.4, 0.9])
    masked = says([0, 0, 0], [0.8, 0.8, 0.9])
    assert chosen(faces, [True] * 3, plain, masked) == (("disgust", "surprise"), [1, 2])


def test_a_face_that_wears_no_mask_is_not_shown() -> None:
    faces = faces_of([3, 3])
    both = says([3, 0], [0.9, 0.9])
    assert chosen(faces, [False, True], both, both) == (("happy",), [1])
    with pytest.raises(NotFoundError, match="no mask could be put"):
        chosen(faces, [False, False], both, both)


def test_faces_of_photos_are_cut_out_and_masked(faces: Path) -> None:
    found = faces_of_photos(faces, "surgical", seed=1)
    assert found.titles == ("astronaut", "biden", "obama")
    assert found.plain.shape == found.masked.shape == (3, 48, 48)
    assert found.classes is None
    lower, upper = (slice(None), slice(36, 46)), (slice(None), slice(2, 10))
    assert (found.plain != found.masked)[lower].mean() > 0.5
    assert (found.plain != found.masked)[upper].mean() < 0.1
    again = faces_of_photos(faces, "surgical", seed=1)
    np.testing.assert_array_equal(again.masked, found.masked)


def test_photos_without_a_face(faces: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no photos"):
        faces_of_photos(tmp_path, "surgical", seed=1)
    shutil.copy(faces / "obama.jpg", tmp_path)
    (tmp_path / "wall.png").write_bytes(encode_png(np.full((300, 300), 90, np.uint8)))
    with pytest.raises(NoFaceError, match=r"wall\.png"):
        faces_of_photos(tmp_path, "surgical", seed=1)
