from __future__ import annotations

import numpy as np
import pytest

from maskmesh.clients.annotate.analysis import analyse
from maskmesh.clients.inputs import PictureInput
from maskmesh.services.runtime.errors import (
    DeadlineError,
    InvalidInputError,
    UnavailableError,
)
from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.services.runtime.pictures import encode_jpeg, encode_png


def picture_input(bgr, file="a/p.png"):
    encoded = encode_png(np.ascontiguousarray(bgr[..., ::-1]))
    return PictureInput(file, lambda: encoded)


def test_the_line_of_a_picture_is_as_the_design_says(fake_mesh, picture):
    result = analyse(picture_input(picture((30, 20, 60, 90))), fake_mesh, keep_pixels=True)
    assert list(result.line) == ["file", "width", "height", "faces"]
    assert result.line["file"] == "a/p.png"
    assert (result.line["width"], result.line["height"]) == (160, 120)
    (face,) = result.line["faces"]
    assert list(face) == ["box", "label", "probabilities", "mask"]
    assert (face["box"], face["label"], face["mask"]) == ([30, 20, 60, 60], "fear", 0.0)
    assert list(face["probabilities"]) == list(EXPRESSIONS)
    assert result.rgb.shape == (120, 160, 3)


def test_a_picture_without_faces_classifies_nothing(fake_mesh, picture):
    result = analyse(picture_input(picture()), fake_mesh, keep_pixels=False)
    assert result.line["faces"] == []
    assert result.rgb is None
    assert fake_mesh.log == []


def test_a_broken_picture_is_a_line_with_an_error(fake_mesh):
    result = analyse(PictureInput("p.jpg", lambda: b"broken"), fake_mesh, keep_pixels=True)
    assert list(result.line) == ["file", "error"]
    assert "not a picture" in result.line["error"]


def test_an_unreadable_picture_is_a_line_with_an_error(fake_mesh):
    def read():
        raise InvalidInputError("cannot be read: permission denied")

    line = analyse(PictureInput("p.jpg", read), fake_mesh, keep_pixels=True).line
    assert line == {"file": "p.jpg", "error": "cannot be read: permission denied"}


@pytest.mark.parametrize("error", [InvalidInputError("too small"), DeadlineError("too slow")])
def test_what_concerns_one_picture_is_its_error(fake_mesh, picture, error):
    fake_mesh.failures["locate"] = [error]
    result = analyse(picture_input(picture()), fake_mesh, keep_pixels=True)
    assert result.error == str(error)


def test_an_absent_mesh_ends_the_run(fake_mesh, picture):
    fake_mesh.failures["locate"] = [UnavailableError("gone")]
    with pytest.raises(UnavailableError):
        analyse(picture_input(picture()), fake_mesh, keep_pixels=True)


def test_a_picture_too_large_for_raw_pixels_goes_encoded(fake_mesh):
    encoded = encode_jpeg(np.zeros((4100, 4100), np.uint8))
    sent = []
    fake_mesh.locate = lambda image: sent.append(image) or []
    analyse(PictureInput("large.jpg", lambda: encoded), fake_mesh, keep_pixels=False)
    assert sent == [encoded]
