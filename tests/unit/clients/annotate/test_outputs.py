from __future__ import annotations

import numpy as np
import pytest

from maskmesh.clients.annotate.analysis import AnalysedPicture
from maskmesh.clients.annotate.outputs import PictureFolder
from maskmesh.clients.streaming.results import SeenFace
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.pictures import read_picture


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("a.jpg", "a.jpg"),
        ("sub/b.PNG", "sub/b.PNG"),
        ("c.webp", "c.webp.png"),
        ("plain", "plain.png"),
        ("../../etc/x.png", "etc/x.png"),
        ("/etc/x.png", "etc/x.png"),
        ("a/./../x.jpeg", "a/x.jpeg"),
    ],
)
def test_names_stay_and_never_leave_the_folder(tmp_path, file, expected):
    assert PictureFolder(tmp_path).path_of(file) == tmp_path / expected


@pytest.mark.parametrize("file", ["sub/p.png", "p.jpg", "p.gif"])
def test_an_annotated_picture_is_written_in_its_colours(tmp_path, expression, file):
    rgb = np.full((120, 160, 3), (200, 100, 50), np.uint8)
    face = SeenFace((40, 40, 40, 40), expression("happy", 0.9))
    path = PictureFolder(tmp_path / "new").write(AnalysedPicture(file, rgb, (160, 120), (face,)))
    read = read_picture(path)
    np.testing.assert_allclose(read[115, 5], (200, 100, 50), atol=6)
    assert (read != rgb).any()


def test_a_picture_that_could_not_be_analysed_is_not_written(tmp_path):
    assert PictureFolder(tmp_path).write(AnalysedPicture("p.png", error="broken")) is None
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError, match="--output"):
        PictureFolder(tmp_path / "file")
