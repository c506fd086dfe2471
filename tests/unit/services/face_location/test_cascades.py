from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.face_location.cascades import Cascade, CascadeName, CascadesOfThread
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.runtime.errors import SetupError

FRONTAL = CascadeName("frontalface_default")


def test_a_missing_file_is_named_with_what_to_install(tmp_path: Path):
    with pytest.raises(SetupError, match=r"missing at .*frontalface.*: install opencv"):
        Cascade(FRONTAL, tmp_path)
    with pytest.raises(SetupError, match="missing"):
        HaarFaceDetector(cascade_folder=tmp_path)


@pytest.mark.parametrize(
    "content", ["", "no xml", "<opencv_storage></opencv_storage>", "<a><b></a>"]
)
@pytest.mark.parametrize("dropped", [0, 5])
def test_a_damaged_file_is_named(tmp_path: Path, content: str, dropped: int):
    (tmp_path / "haarcascade_frontalface_default.xml").write_text(content)
    with pytest.raises(SetupError, match=r"frontalface_default\.xml .*reinstall"):
        Cascade(CascadeName("frontalface_default", dropped), tmp_path)


def test_more_stages_than_there_are_cannot_be_dropped():
    with pytest.raises(SetupError, match="not more than 25 stages"):
        Cascade(CascadeName("frontalface_default", 25))


def test_a_cascade_without_its_last_stages_lets_more_windows_pass(photos):
    sizes = 40, 400
    strict = Cascade(FRONTAL).search(photos["obama"], sizes)[1].sum()
    lenient = Cascade(CascadeName("frontalface_default", 8)).search(photos["obama"], sizes)[1].sum()
    assert lenient > strict > 0


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [((200, 200), (60, 50)), ((30, 200), (40, 100)), ((1, 1), (24, 48))],
    ids=["no size fits", "picture lower than the smallest window", "a single pixel"],
)
def test_where_no_window_fits_nothing_is_found(shape, sizes):
    boxes, counts = Cascade(FRONTAL).search(np.zeros(shape, np.uint8), sizes)
    assert boxes.shape == (0, 4)
    assert counts.shape == (0,)


def test_every_thread_has_cascades_of_its_own():
    cascades = CascadesOfThread({"face": FRONTAL})
    of_threads = [cascades.get()["face"]]
    thread = threading.Thread(target=lambda: of_threads.append(cascades.get()["face"]))
    thread.start()
    thread.join()
    assert of_threads[0] is not of_threads[1]
    assert cascades.get()["face"] is of_threads[0]
