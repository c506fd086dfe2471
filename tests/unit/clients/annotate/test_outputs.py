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
    rgb = np.full((240, 320, 3), (200, 100, 50), np.uint8)
    face = SeenFace((40, 40, 40, 40), expression("happy", 0.9))
    path = PictureFolder(tmp_path / "new").write(AnalysedPicture(file, rgb, (320, 240), (face,)))
    read = read_picture(path)
    np.testing.assert_allclose(read[235, 5], (200, 100, 50), atol=6)
    assert (read != rgb).any()


def test_a_small_picture_is_enlarged_and_its_face_stays_to_be_seen(tmp_path, expression):
    rgb = np.full((48, 48, 3), (200, 100, 50), np.uint8)
    face = SeenFace((0, 0, 48, 48), expression("happy", 0.9))
    analysed = AnalysedPicture("p.png", rgb, (48, 48), (face,))
    read = read_picture(PictureFolder(tmp_path).write(analysed))
    height, width = read.shape[:2]
    assert height == 7 * 48
    # The panel stands beside the face, of which only frame and tags are drawn over.
    assert width > 7 * 48 + 80
    assert (read[:, : 7 * 48] == (200, 100, 50)).all(axis=2).mean() > 0.7
    assert (read[:, 7 * 48 :] == (200, 100, 50)).all(axis=2).mean() == 0
    assert analysed.line["faces"][0]["box"] == [0, 0, 48, 48]


def test_a_picture_without_faces_gets_no_room_for_panels(tmp_path):
    analysed = AnalysedPicture("p.png", np.full((48, 24, 3), 9, np.uint8), (24, 48), ())
    assert read_picture(PictureFolder(tmp_path).write(analysed)).shape == (336, 168, 3)


def test_a_picture_that_could_not_be_analysed_is_not_written(tmp_path):
    assert PictureFolder(tmp_path).write(AnalysedPicture("p.png", error="broken")) is None
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError, match="--output"):
        PictureFolder(tmp_path / "file")
